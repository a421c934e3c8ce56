import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function checkLayers(...args: string[]) {
  return run(process.execPath, ['scripts/check-layers.mjs', ...args]);
}

/** Returns the path of a copy of the linter's configuration in which a text is replaced. */
function configurationWith(text: string, replacement: string): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'scripts'));
  cpSync(`${PROJECT}.gitignore`, join(folder, '.gitignore'));
  cpSync(`${PROJECT}scripts/lint`, join(folder, 'scripts/lint'), { recursive: true });
  const files = ['biome.json', 'scripts/lint/layers.json'].map((path) => ({
    path,
    content: readFileSync(PROJECT + path, 'utf8'),
  }));
  expect(files.some(({ content }) => content.includes(text))).toBe(true);
  for (const { path, content } of files) {
    writeFileSync(join(folder, path), content.replaceAll(text, replacement));
  }
  return folder;
}

describe('the layers of src', () => {
  test('are kept, by a guard that refuses what is planted', () => {
    expect(checkLayers()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^planted: \d+ violations, all refused/),
    });
  });

  test.each([
    [
      'allows an import from a later directory',
      '"!../lib/**"',
      '"!../lib/**", "!../http/**"',
      "let pass in src/lib/planted.ts: import '../http/",
    ],
    [
      'refuses an import from an earlier directory',
      '"!../lib/**",',
      '',
      "refused in src/config/planted.ts: import '../lib/",
    ],
    ['lacks a directory', '"src/state/*.ts"', '"src/stat/*.ts"', "refused in src/state/planted.ts: import '../model/"],
    [
      'lacks directories of directories',
      '"src/state/*/**"',
      '"src/stat/*/**"',
      "refused in src/state/part/planted.ts: import '../../model/",
    ],
    ['allows the SDK', '"!src/aws/**"', '"!src/**"', "let pass in src/model/planted.ts: import '@aws-sdk/"],
    ['ignores the time', '"!src/lib/clock.ts"', '"!src/lib/**"', 'let pass in src/lib/planted.ts: Date.now();'],
    ['ignores import types', 'import-types.grit', 'aws-sdk.grit', 'let pass in src/model/planted.ts: type Inline'],
    [
      'ignores unhandled background work',
      'background-work.grit',
      'aws-sdk.grit',
      'let pass in src/model/planted.ts: void work();',
    ],
    ['allows console', '"noConsole": "error"', '"noConsole": "off"', 'let pass in src/model/planted.ts: console.log'],
  ])('are not enforced by a configuration that %s, and the check fails', (_, text, replacement, mistake) => {
    const { status, stderr } = checkLayers(configurationWith(text, replacement));
    expect(status).toBe(1);
    expect(stderr).toContain('The layer guard does not work.');
    expect(stderr).toContain(mistake);
  });
});
