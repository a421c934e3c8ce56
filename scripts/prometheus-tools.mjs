// The tests hold our pages and configuration against Prometheus' own tools. This sees to it that these are there:
// installs them with apt where it may, else says what is missing and fails, so that no test is skipped in silence.

import { spawnSync } from 'node:child_process';

const TOOLS = ['promtool', 'prometheus'];
/** Debian's package with both of them. */
const PACKAGE = 'prometheus';

/** @param {string} command @param {readonly string[]} args */
function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function missingTools() {
  return TOOLS.filter((tool) => !runs(tool, ['--version']));
}

/** @param {readonly string[]} args */
function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

const missing = missingTools();
if (missing.length > 0 && process.getuid?.() === 0 && runs('apt-get', ['--version'])) {
  process.stderr.write(`${missing.join(' and ')} not found: installing Debian's package "${PACKAGE}"\n`);
  if (aptGet(['update', '--quiet'])) {
    aptGet(['install', '--quiet', '--yes', '--no-install-recommends', PACKAGE]);
  }
}
const stillMissing = missingTools();
if (stillMissing.length > 0) {
  process.stderr.write(
    `The tests need ${stillMissing.join(' and ')} on the PATH.\n` +
      `Install Prometheus 2.40 or later: on Debian and Ubuntu "apt-get install ${PACKAGE}" as root, ` +
      'on macOS "brew install prometheus", elsewhere its release archive.\n',
  );
  process.exit(1);
}
