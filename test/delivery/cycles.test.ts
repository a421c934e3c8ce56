import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs the check on `files` only, by their paths. */
function checkOf(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  cpSync(join(PROJECT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  const { status, stdout } = run('npm', ['run', 'check:cycles'], { cwd: folder });
  return { status, stdout };
}

const ONE = "import type { Two } from './planted-two.ts';\nexport type One = Two[];\n";

describe('the check of import cycles', { timeout: 120_000 }, () => {
  it('accepts the sources', () => {
    expect(run('npm', ['run', 'check:cycles'])).toMatchObject({ status: 0 });
  });

  it.each([
    ['import type', 'src/lib', "import type { One } from './planted-one.ts';\nexport type Two = One | 2;\n"],
    [
      'import of a type among values',
      'packages/client-networkflowmonitor/src',
      "import { type One } from './planted-one.ts';\nexport type Two = One | 2;\n",
    ],
    [
      'export of a type',
      'packages/simulator/src',
      "export type { One } from './planted-one.ts';\nexport type Two = 2;\n",
    ],
  ])('fails for a cycle through an %s in %s', (_, directory, two) => {
    const { status, stdout } = checkOf({
      [`${directory}/planted-one.ts`]: ONE,
      [`${directory}/planted-two.ts`]: two,
    });
    expect(status).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`${directory}/planted-(?:one\\.ts -> ${directory}/planted-two|two\\.ts -> ${directory}/planted-one)`),
    );
  });
});
