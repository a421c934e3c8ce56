import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs the script with nothing on the PATH but a shell and these programs. */
function requireTools(programs: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  symlinkSync('/bin/sh', join(folder, 'sh'));
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return run(process.execPath, ['scripts/test-tools.mjs'], { env: { PATH: folder } });
}

/** Writes down what it is asked, and puts all tools beside itself when it installs. */
const APT_GET = `
echo "$@"
[ "$1" != install ] && exit 0
for tool in promtool prometheus chromium; do
  echo '#!/bin/sh' > "$PATH/$tool"
  /bin/chmod +x "$PATH/$tool"
done`;

describe('the tools of the tests', () => {
  test('nothing is done where they are there', () => {
    expect(requireTools({ promtool: 'exit 0', prometheus: 'exit 0', chromium: 'exit 0', 'apt-get': APT_GET })).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('they are installed where apt is there and may be used', () => {
    const { status, stdout, stderr } = requireTools({ promtool: 'exit 0', 'apt-get': APT_GET });
    if (process.getuid?.() === 0) {
      expect(status).toBe(0);
      expect(stdout).toMatch(/update --quiet\ninstall .*--no-install-recommends prometheus chromium\n$/);
      expect(stderr).toContain('prometheus and chromium not found');
    } else {
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain('apt-get install prometheus chromium');
    }
  });

  test.each([
    ['there is no apt', {}],
    ['apt fails', { 'apt-get': '[ "$1" = --version ]' }],
    ['a tool does not run', { promtool: 'exit 0', prometheus: 'exit 1', chromium: 'exit 0' }],
  ])('what to install is said where %s', (_, programs) => {
    const { status, stderr } = requireTools(programs);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /The tests need .*prometheus.* on the PATH\.\nInstall Prometheus .*"apt-get install prometheus[^"]*"/,
    );
  });
});
