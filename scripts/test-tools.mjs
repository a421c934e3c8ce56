// The tests check our pages, rules and configuration with Prometheus, Alertmanager and their tools, the status page with a
// browser, and the storage of replicas with PostgreSQL. They run replicas in network namespaces and with wrong clocks, and the demo's commands.
// This installs the programs with apt if it may. Otherwise it prints what is missing and fails, so that no test is skipped in silence.

import { installTools, postgresqlPrograms } from './debian-tools.mjs';

const missing = installTools([
  { names: ['promtool'], package: 'prometheus' },
  { names: ['prometheus'], package: 'prometheus' },
  { names: ['amtool'], package: 'prometheus-alertmanager' },
  { names: ['prometheus-alertmanager', 'alertmanager'], package: 'prometheus-alertmanager' },
  { names: ['chromium'], package: 'chromium' },
  { names: ['curl'], package: 'curl' },
  // The package of `ip`, which has no such flag.
  { names: ['ss'], package: 'iproute2' },
  { names: ['faketime'], package: 'faketime' },
  {
    // Found only after its installation.
    get names() {
      return [postgresqlPrograms().initdb];
    },
    package: 'postgresql',
  },
]);
if (missing !== undefined) {
  process.stderr.write(
    `The tests need ${missing.names} on the PATH.\n` +
      `Install Prometheus 2.42 and Alertmanager 0.25, or later, Chromium, iproute2, faketime, and PostgreSQL 13 or later: on Debian and Ubuntu "${missing.command}" ` +
      `as root, elsewhere by your system's packages.\n`,
  );
  process.exit(1);
}
