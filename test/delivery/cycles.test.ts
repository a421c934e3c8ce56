import { cpSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What the check reads: the sources and the command that checks them. */
const PARTS = ['package.json', 'src', 'packages/client-networkflowmonitor/src', 'packages/simulator/src'];

/** Runs the check on a copy of the sources to which `files` are added, by their paths. */
function checkWith(files: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  for (const part of PARTS) {
    cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(join(folder, path), content);
  }
  const { status, stdout } = run('npm', ['run', 'check:cycles'], { cwd: folder });
  return { status, stdout };
}

const ONE = "import type { Two } from './planted-two.ts';\nexport type One = Two[];\n";

describe('the check of import cycles', { timeout: 120_000 }, () => {
  it('accepts the sources', () => {
    expect(checkWith({})).toMatchObject({ status: 0 });
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
    const { status, stdout } = checkWith({
      [`${directory}/planted-one.ts`]: ONE,
      [`${directory}/planted-two.ts`]: two,
    });
    expect(status).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`${directory}/planted-(?:one\\.ts -> ${directory}/planted-two|two\\.ts -> ${directory}/planted-one)`),
    );
  });
});
