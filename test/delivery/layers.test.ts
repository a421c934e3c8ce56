import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function checkLayers(...args: string[]) {
  return run(process.execPath, ['scripts/check-layers.mjs', ...args]);
}

/** A copy of the linter's configuration in which a text is replaced. */
function configurationWith(text: string, replacement: string): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'scripts'));
  cpSync(`${PROJECT}.gitignore`, join(folder, '.gitignore'));
  cpSync(`${PROJECT}scripts/lint`, join(folder, 'scripts/lint'), { recursive: true });
  const configuration = readFileSync(`${PROJECT}biome.json`, 'utf8');
  expect(configuration).toContain(text);
  writeFileSync(join(folder, 'biome.json'), configuration.replaceAll(text, replacement));
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
      'allows an import from the right',
      '"!../runtime/**"',
      '"!../runtime/**", "!../http/**"',
      'let pass in src/config/',
    ],
    [
      'refuses an import from the left',
      '"!../runtime/**", ',
      '',
      "refused in src/queries/planted.ts: import '../runtime/",
    ],
    [
      'does not know a folder',
      '"src/state/**"',
      '"src/stat/**"',
      "refused in src/state/planted.ts: import '../runtime/",
    ],
    ['lets the SDK in', '"!src/api/**"', '"!src/**"', "let pass in src/runtime/planted.ts: import '@aws-sdk/"],
    [
      'does not look at time',
      '"!src/runtime/clock.ts"',
      '"!src/runtime/**"',
      'let pass in src/runtime/planted.ts: Date.now();',
    ],
    [
      'does not look at import types',
      'import-types.grit',
      'aws-sdk.grit',
      'let pass in src/runtime/planted.ts: type Inline',
    ],
    [
      'lets work go on that nobody watches',
      'background-work.grit',
      'aws-sdk.grit',
      'let pass in src/runtime/planted.ts: void work();',
    ],
    ['allows console', '"noConsole": "error"', '"noConsole": "off"', 'let pass in src/runtime/planted.ts: console.log'],
  ])('are not kept by a configuration that %s, and the check says so', (_, text, replacement, mistake) => {
    const { status, stderr } = checkLayers(configurationWith(text, replacement));
    expect(status).toBe(1);
    expect(stderr).toContain('The layer guard does not work.');
    expect(stderr).toContain(mistake);
  });
});
