// The tests hold our pages, rules and configuration against Prometheus, Alertmanager and their tools, the status page
// against a browser, and run the demo's commands. This sees to it that these are there: installs them with apt where it may, else says what is missing
// and fails, so that no test is skipped in silence.

import { spawnSync } from 'node:child_process';

/** What is needed, each by the names that it goes by, and Debian's package with it. */
const TOOLS = [
  { names: ['promtool'], package: 'prometheus' },
  { names: ['prometheus'], package: 'prometheus' },
  { names: ['amtool'], package: 'prometheus-alertmanager' },
  { names: ['prometheus-alertmanager', 'alertmanager'], package: 'prometheus-alertmanager' },
  { names: ['chromium'], package: 'chromium' },
  { names: ['curl'], package: 'curl' },
];

/** @param {string} command @param {readonly string[]} args */
function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function missingTools() {
  return TOOLS.filter(({ names }) => !names.some((name) => runs(name, ['--version'])));
}

/** @param {readonly string[]} args */
function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** @param {typeof TOOLS} tools */
function listed(tools) {
  return tools.map(({ names }) => names[0]).join(' and ');
}

/** @param {typeof TOOLS} tools */
function packagesOf(tools) {
  return [...new Set(tools.map((tool) => tool.package))];
}

const missing = missingTools();
if (missing.length > 0 && process.getuid?.() === 0 && runs('apt-get', ['--version'])) {
  const packages = packagesOf(missing);
  process.stderr.write(`${listed(missing)} not found: installing from Debian: ${packages.join(', ')}\n`);
  if (aptGet(['update', '--quiet'])) {
    aptGet(['install', '--quiet', '--yes', '--no-install-recommends', ...packages]);
  }
}
const stillMissing = missingTools();
if (stillMissing.length > 0) {
  process.stderr.write(
    `The tests need ${listed(stillMissing)} on the PATH.\n` +
      `Install Prometheus 2.42 and Alertmanager 0.25, or later, and Chromium: on Debian and Ubuntu "apt-get install ` +
      `${packagesOf(stillMissing).join(' ')}" as root, elsewhere by your system's packages.\n`,
  );
  process.exit(1);
}
