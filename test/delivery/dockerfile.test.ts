import { readFileSync } from 'node:fs';
import dockerignore from '@balena/dockerignore';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { describe, expect, test } from 'vitest';
import { WEB } from '../../src/config/schema.ts';
import { PROJECT } from '../support/project.ts';

interface Stage {
  /** What FROM names. */
  readonly image: string;
  readonly instructions: Instruction[];
}

const text = readFileSync(`${PROJECT}Dockerfile`, 'utf8');
const instructions = DockerfileParser.parse(text).getInstructions();
const stages = readStages();

function readStages(): readonly Stage[] {
  const found: Stage[] = [];
  for (const instruction of instructions) {
    if (instruction.getKeyword() === 'FROM') {
      found.push({ image: instruction.getArguments()[0]?.getValue() ?? '', instructions: [] });
    }
    found.at(-1)?.instructions.push(instruction);
  }
  return found;
}

/** The arguments of the only instruction of this kind in the last stage. */
function last(keyword: string): string {
  const found = stages.at(-1)?.instructions.filter((each) => each.getKeyword() === keyword) ?? [];
  expect(found).toHaveLength(1);
  return found[0]?.getArgumentsContent() ?? '';
}

describe('the image', () => {
  test('is built in stages, each from an earlier one or from Node 24 in a slim image', () => {
    const names = instructions.flatMap((each) => each.getArgumentsContent()?.match(/ AS (\w+)$/)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(0);
    for (const image of stages.map((stage) => stage.image).filter((each) => !names.includes(each))) {
      expect(image).toMatch(/^\$\{NODE_IMAGE\}$/);
    }
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24-[a-z]+-slim$/m);
  });

  test('has production dependencies only', () => {
    const sources = stages
      .at(-1)
      ?.instructions.filter((each) => each.getArgumentsContent()?.startsWith('/app/node_modules'));
    expect(sources?.map((each) => each.getTextContent())).toEqual([
      'COPY --from=production /app/node_modules node_modules',
    ]);
    expect(text).toMatch(/AS production\nRUN npm ci --omit=dev\b/);
  });

  test('runs as a user that Kubernetes can tell from root', () => {
    expect(last('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('needs no shell: its commands are in exec form, and nothing is run to make the last stage', () => {
    const command = last('HEALTHCHECK').replace(/^CMD /, '');
    for (const words of [last('ENTRYPOINT'), last('CMD'), command]) {
      expect(JSON.parse(words)).toEqual(expect.arrayContaining([expect.any(String)]));
    }
    expect(stages.at(-1)?.instructions.map((each) => each.getKeyword())).not.toContain('RUN');
  });

  test('exposes, and checks the health of, the port that the exporter listens on by default', () => {
    const port = last('EXPOSE');
    expect(WEB.listenAddresses.default).toEqual([`:${port}`]);
    expect(text).toContain(`\nENV HEALTHCHECK_URL=http://127.0.0.1:${port}/-/healthy\n`);
  });

  test('has a folder for storage.path that belongs to its user, so that a new volume there does, too', () => {
    expect(text).toMatch(new RegExp(`^COPY --from=build --chown=${last('USER')} \\S+ /var/lib/nfm-exporter$`, 'm'));
  });

  test('tells what it is', () => {
    const labels = last('LABEL');
    for (const label of ['title', 'description', 'licenses', 'revision']) {
      expect(labels).toMatch(new RegExp(`org\\.opencontainers\\.image\\.${label}="[^"]+"`));
    }
  });
});

describe('.dockerignore', () => {
  const ignored = dockerignore.default().add(readFileSync(`${PROJECT}.dockerignore`, 'utf8'));

  test.each([
    '.git/HEAD',
    'node_modules/express/package.json',
    'test/e2e/metrics-page.test.ts',
    'dist/main.js',
    '.env',
  ])('keeps %s out of what is sent to the engine', (path) => {
    expect(ignored.ignores(path)).toBe(true);
  });

  test.each(['src/main.ts', 'package-lock.json', '.npmrc', 'config/demo/scenario.yml'])('lets %s in', (path) => {
    expect(ignored.ignores(path)).toBe(false);
  });
});
