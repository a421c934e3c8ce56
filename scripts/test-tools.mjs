// The tests hold our pages and configuration against Prometheus' own tools, and the status page against a browser. This
// sees to it that these are there: installs them with apt where it may, else says what is missing and fails, so that no
// test is skipped in silence.

import { spawnSync } from 'node:child_process';

/** Each tool, and Debian's package that has it. */
const PACKAGES = new Map([
  ['promtool', 'prometheus'],
  ['prometheus', 'prometheus'],
  ['chromium', 'chromium'],
]);

/** @param {string} command @param {readonly string[]} args */
function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function missingTools() {
  return [...PACKAGES.keys()].filter((tool) => !runs(tool, ['--version']));
}

/** The packages of these tools. @param {readonly string[]} tools */
function packagesOf(tools) {
  return [...new Set(tools.map((tool) => PACKAGES.get(tool) ?? tool))];
}

/** @param {readonly string[]} args */
function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

const missing = missingTools();
if (missing.length > 0 && process.getuid?.() === 0 && runs('apt-get', ['--version'])) {
  const packages = packagesOf(missing);
  process.stderr.write(`${missing.join(' and ')} not found: installing Debian's ${packages.join(' and ')}\n`);
  if (aptGet(['update', '--quiet'])) {
    aptGet(['install', '--quiet', '--yes', '--no-install-recommends', ...packages]);
  }
}
const stillMissing = missingTools();
if (stillMissing.length > 0) {
  process.stderr.write(
    `The tests need ${stillMissing.join(' and ')} on the PATH.\n` +
      'Install Prometheus 2.40 or later, and Chromium: on Debian and Ubuntu ' +
      `"apt-get install ${packagesOf(stillMissing).join(' ')}" as root, elsewhere by your system's packages.\n`,
  );
  process.exit(1);
}
