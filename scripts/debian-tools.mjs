import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A program, by each name that it has, and Debian's package with it.
 *
 * @typedef {{ readonly names: readonly string[], readonly package: string }} Tool
 */

/** @param {string} command @param {readonly string[]} args */
function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** @param {readonly string[]} args */
function aptGet(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', args, { env, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

/** @param {readonly Tool[]} tools */
function missingOf(tools) {
  return tools.filter(({ names }) => !names.some((name) => runs(name, ['--version'])));
}

/** @param {readonly Tool[]} tools */
function packagesOf(tools) {
  return [...new Set(tools.map((tool) => tool.package))];
}

/** @param {readonly Tool[]} tools */
function listed(tools) {
  return tools.map(({ names }) => names[0]).join(' and ');
}

/**
 * Installs missing programs with apt, if this is root and apt is there. Returns the names of those that are still missing, and the
 * command that installs them.
 *
 * @param {readonly Tool[]} tools
 * @returns {{ readonly names: string, readonly command: string } | undefined} undefined: all programs run
 */
export function installTools(tools) {
  const missing = missingOf(tools);
  if (missing.length > 0 && process.getuid?.() === 0 && runs('apt-get', ['--version'])) {
    const packages = packagesOf(missing);
    process.stderr.write(`${listed(missing)} not found: installing from Debian: ${packages.join(', ')}\n`);
    if (aptGet(['update', '--quiet'])) {
      aptGet(['install', '--quiet', '--yes', '--no-install-recommends', ...packages]);
    }
  }
  const still = missingOf(tools);
  return still.length === 0
    ? undefined
    : { names: listed(still), command: `apt-get install ${packagesOf(still).join(' ')}` };
}

/** Debian keeps the programs of each major version in a directory of its own, which is not on the PATH. */
const POSTGRESQL_ROOT = process.env['NFM_POSTGRESQL_ROOT'] ?? '/usr/lib/postgresql';

/** The programs of a PostgreSQL server: those of Debian's newest version, or those on the PATH. */
export function postgresqlPrograms() {
  const versions = existsSync(POSTGRESQL_ROOT) ? readdirSync(POSTGRESQL_ROOT) : [];
  const [newest] = versions
    .map((version) => join(POSTGRESQL_ROOT, version, 'bin'))
    .filter((directory) => existsSync(join(directory, 'initdb')))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const program = (/** @type {string} */ name) => (newest === undefined ? name : join(newest, name));
  return { initdb: program('initdb'), postgres: program('postgres'), psql: program('psql') };
}

/** The library of Debian's package `faketime` that shifts the clocks of a process, for each architecture in a directory of its own. */
export function faketimeLibrary() {
  const directory = readdirSync('/usr/lib').find((name) =>
    existsSync(join('/usr/lib', name, 'faketime/libfaketime.so.1')),
  );
  return join('/usr/lib', directory ?? '', 'faketime/libfaketime.so.1');
}
