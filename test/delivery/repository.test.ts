import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';

const WORKSPACES = readdirSync(`${PROJECT}packages`).map((name) => `packages/${name}/package.json`);
const RENOVATE = JSON.parse(read('renovate.json'));
const FORMS = `.github/ISSUE_TEMPLATE`;

function read(path: string): string {
  return readFileSync(`${PROJECT}${path}`, 'utf8');
}

describe('the oldest supported Node.js', () => {
  const oldest = read('.nvmrc').trim();

  test.each(['package.json', ...WORKSPACES])('is that of %s', (path) => {
    expect(oldest).toBe(`${JSON.parse(read(path)).engines.node.replace('>=', '')}.0`);
  });

  test('is the one whose types are checked, and that updates must run on', () => {
    const [major] = oldest.split('.');
    expect(JSON.parse(read('package.json')).devDependencies['@types/node']).toMatch(new RegExp(`^${major}\\.`));
    expect(RENOVATE.constraints.node).toBe(oldest);
    expect(RENOVATE.packageRules).toContainEqual(
      expect.objectContaining({ matchPackageNames: ['@types/node'], allowedVersions: `<${Number(major) + 1}` }),
    );
  });
});

test('Renovate does not update workspaces, whose names others may publish', () => {
  const names = WORKSPACES.map((path) => JSON.parse(read(path)).name);
  const disabled = RENOVATE.packageRules.flatMap((rule: { enabled?: boolean; matchPackageNames: string[] }) =>
    rule.enabled === false ? rule.matchPackageNames : [],
  );
  expect(disabled).toEqual(expect.arrayContaining(names));
});

describe('issue forms', () => {
  const files = readdirSync(`${PROJECT}${FORMS}`).filter((file) => file !== 'config.yml');

  test.each(files)('%s has a name, a description, and labeled fields with distinct ids', (file) => {
    const { name, description, body } = parse(read(`${FORMS}/${file}`));
    expect([name, description]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    const fields = body.filter(({ type }: { type: string }) => type !== 'markdown');
    expect(fields).toEqual(
      fields.map(() =>
        expect.objectContaining({
          type: 'textarea',
          id: expect.stringMatching(/^[a-z-]+$/),
          attributes: expect.objectContaining({ label: expect.stringMatching(/./) }),
        }),
      ),
    );
    expect(new Set(fields.map(({ id }: { id: string }) => id)).size).toBe(fields.length);
  });

  test('the bug report form has fields for version, configuration, its check, log, and metrics', () => {
    const ids = parse(read(`${FORMS}/bug.yml`)).body.map(({ id }: { id?: string }) => id);
    expect(ids).toEqual(expect.arrayContaining(['version', 'configuration', 'check-config', 'log', 'metrics']));
  });
});
