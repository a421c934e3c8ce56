import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Runs the script with nothing on the PATH but a shell and these programs. */
function requireTools(programs: Readonly<Record<string, string>>) {
  const folder = temporaryFolder();
  symlinkSync('/bin/sh', join(folder, 'sh'));
  for (const [name, script] of Object.entries(programs)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return run(process.execPath, ['scripts/test-tools.mjs'], { env: { PATH: folder, NFM_POSTGRESQL_ROOT: folder } });
}

const ALL = {
  promtool: 'exit 0',
  prometheus: 'exit 0',
  amtool: 'exit 0',
  'prometheus-alertmanager': 'exit 0',
  chromium: 'exit 0',
  curl: 'exit 0',
  ss: 'exit 0',
  faketime: 'exit 0',
  initdb: 'exit 0',
};

/** Prints its arguments. On `install`, creates all tools in its own directory. */
const APT_GET = `
echo "$@"
[ "$1" != install ] && exit 0
for tool in ${Object.keys(ALL).join(' ')}; do
  echo '#!/bin/sh' > "$PATH/$tool"
  /bin/chmod +x "$PATH/$tool"
done`;

describe('the tools of the tests', () => {
  test('installs nothing if all tools are installed', () => {
    expect(requireTools({ ...ALL, 'apt-get': APT_GET })).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test("finds PostgreSQL in Debian's directory of its newest version", () => {
    const { initdb: _, ...others } = ALL;
    const inDirectory = (version: string) => join(version, 'bin', 'initdb');
    expect(requireTools({ ...others, [inDirectory('9')]: 'exit 1', [inDirectory('17')]: 'exit 0' }).status).toBe(0);
  });

  test("Alertmanager may go by its project's name", () => {
    const { 'prometheus-alertmanager': _, ...others } = ALL;
    expect(requireTools({ ...others, alertmanager: 'exit 0' })).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['prometheus', 'prometheus', { ...ALL, prometheus: 'exit 1' }],
    ['amtool', 'prometheus-alertmanager', { ...ALL, amtool: 'exit 1', 'prometheus-alertmanager': 'exit 1' }],
    ['initdb', 'postgresql', { ...ALL, initdb: 'exit 1' }],
    ['promtool', 'prometheus prometheus-alertmanager chromium curl iproute2 faketime postgresql', {}],
  ])('they are installed where apt is there and may be used: %s', (tool, packages, programs) => {
    const { status, stdout, stderr } = requireTools({ ...programs, 'apt-get': APT_GET });
    if (process.getuid?.() === 0) {
      expect(status).toBe(0);
      expect(stdout.split('\n')).toEqual([
        'update --quiet',
        `install --quiet --yes --no-install-recommends ${packages}`,
        '',
      ]);
      expect(stderr).toContain(`installing from Debian: ${packages.replaceAll(' ', ', ')}`);
      expect(stderr).toContain(tool);
    } else {
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(`apt-get install ${packages}`);
    }
  });

  test.each([
    ['there is no apt', {}],
    ['apt fails', { 'apt-get': '[ "$1" = --version ]' }],
    ['a tool does not run', { ...ALL, prometheus: 'exit 1' }],
  ])('what to install is said where %s', (_, programs) => {
    const { status, stderr } = requireTools(programs);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /The tests need .*prometheus.* on the PATH\.\nInstall Prometheus .*"apt-get install prometheus/,
    );
  });
});
