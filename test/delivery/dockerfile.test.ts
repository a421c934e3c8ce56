import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { describe, expect, test } from 'vitest';
import { WEB } from '../../src/config/schema.ts';
import { PROJECT } from '../support/project.ts';

// What an image that is built and run shows is checked there: npm run image:test.

const text = readFileSync(`${PROJECT}Dockerfile`, 'utf8').replace(/\\\n\s*/g, '');
const manifest: { version: string; repository: { url: string } } = JSON.parse(
  readFileSync(`${PROJECT}package.json`, 'utf8'),
);
const [, ...stages] = text.split(/^FROM /m);
const last = stages.at(-1) ?? '';

/** The arguments of the only instruction of this kind in the last stage. */
function argumentsOf(keyword: string): string {
  const found = Array.from(last.matchAll(new RegExp(`^${keyword} (.*)$`, 'gm')), ([, content = '']) => content);
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

describe('the image', () => {
  test('builds on Node 24 in a slim image, which a build argument replaces', () => {
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24-[a-z]+-slim$/m);
    const [compiling = '', ...others] = stages;
    expect(compiling).toMatch(/^--platform=\$BUILDPLATFORM \$\{NODE_IMAGE\} AS manifests\n/);
    expect(last).toMatch(/^--platform=\$TARGETPLATFORM \$\{NODE_IMAGE\}\n/);
    for (const stage of others.slice(0, -1)) {
      expect(stage).toMatch(/^manifests AS /);
    }
  });

  test('installs each workspace', () => {
    const workspaces = globSync('packages/*/package.json', { cwd: PROJECT });
    expect(workspaces.length).toBeGreaterThan(0);
    for (const file of workspaces) {
      expect(text).toContain(`\nCOPY ${file} ${file.replace('package.json', '')}\n`);
    }
  });

  test('runs nothing in its last stage, and needs no shell, so that it is built for other platforms too', () => {
    expect(last).not.toMatch(/^RUN/m);
    for (const words of [
      argumentsOf('ENTRYPOINT'),
      argumentsOf('CMD'),
      argumentsOf('HEALTHCHECK').replace(/^.*CMD /, ''),
    ]) {
      expect(JSON.parse(words)).toEqual(expect.arrayContaining([expect.any(String)]));
    }
  });

  test('exposes the port that the exporter listens on by default', () => {
    expect(WEB.listenAddresses.default).toEqual([`:${argumentsOf('EXPOSE')}`]);
  });

  test('checks the health by the configuration file that it starts with', () => {
    const [flag = ''] = JSON.parse(argumentsOf('CMD'));
    expect(flag).toMatch(/^--config\.file=/);
    expect(argumentsOf('HEALTHCHECK')).toContain(`"healthcheck", ${JSON.stringify(flag)}]`);
  });

  test('has a directory for storage.path that belongs to its user, so that a new volume there does, too', () => {
    const owner = argumentsOf('USER');
    expect(owner).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(last).toMatch(new RegExp(`^COPY --from=build --chown=${owner} \\S+ /var/lib/nfm-exporter$`, 'm'));
  });

  test("has the package's version and repository as labels", () => {
    const labels = argumentsOf('LABEL');
    expect(labels).toContain(`org.opencontainers.image.version="${manifest.version}"`);
    expect(labels).toContain(`org.opencontainers.image.source="${manifest.repository.url}"`);
    expect(labels).toContain(`org.opencontainers.image.base.name="\${NODE_IMAGE}"`);
  });
});

test.each(['image', 'long-image'])('scripts/%s.mjs fails clearly if it may not run containers', (name) => {
  const uid = process.getuid?.() === 0 ? 65_534 : process.getuid?.();
  const options = { cwd: PROJECT, encoding: 'utf8', ...(uid === undefined ? {} : { uid }) } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [`scripts/${name}.mjs`], options);
  expect({ status, stdout, stderr }).toEqual({
    status: 2,
    stdout: '',
    stderr: 'Building and running the image needs root on Linux.\n',
  });
});
