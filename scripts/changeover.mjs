// Replaces the stand-in with a package of AWS's name in a clone of the last commit, with the commands of docs/aws-client.md,
// and shows that the exporter is built with it and works. The package is a copy of the stand-in under another version, with the
// format that AWS's has for the timestamps of `-data` results. It is installed from a registry on loopback, which has
// nothing else. Needs `npm ci` and `npm run build`.
//
//   node scripts/changeover.mjs

import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startStubRegistry } from './changeover/stub-registry.mjs';
import { hold } from './hold.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const NAME = '@aws-sdk/client-networkflowmonitor';
const VERSION = '3.9999.0';
/** Of the exporter with the client. */
const TESTS = [
  'test/aws/installed-client.test.ts',
  'test/aws/protocol-responses.test.ts',
  'test/aws/query-status.test.ts',
  'test/aws/unusual-responses.test.ts',
  'test/state/simulated-results.test.ts',
];

const execute = promisify(execFile);
const temporary = mkdtempSync(join(tmpdir(), 'nfm-exporter-changeover-'));
try {
  const { manifest, tarball } = await packMarkedClient(join(temporary, 'client'));
  const clone = join(temporary, 'clone');
  await run('git', ['clone', '--quiet', PROJECT, clone], temporary);
  await run('cp', ['-a', join(PROJECT, 'node_modules'), clone], temporary);
  await changeOver(clone, manifest, tarball);

  const { link, version } = readJson(join(clone, 'package-lock.json')).packages[`node_modules/${NAME}`];
  hold(link === undefined && version === VERSION, `the lock file has version ${version}, and no link`);
  hold(readJson(join(clone, 'package.json')).dependencies[NAME] === VERSION, 'package.json has it as a dependency');
  const reported = await run(process.execPath, ['dist/main.js', '--version'], clone);
  hold(reported.includes(`, ${NAME} ${VERSION})`), `--version: ${reported.trim()}`);
  process.stdout.write(await run(process.execPath, ['scripts/smoke.mjs'], clone));
  process.stdout.write(await run('npx', ['vitest', 'run', '--maxWorkers=2', ...TESTS], clone));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/**
 * Runs the documented commands with a registry for the scope that has nothing but the package.
 *
 * @param {string} clone
 * @param {{ name: string, version: string }} manifest
 * @param {Uint8Array} tarball
 */
async function changeOver(clone, manifest, tarball) {
  const page = readFileSync(join(PROJECT, 'docs/aws-client.md'), 'utf8');
  const commands = page.match(/```sh\n(npm pkg .*?)```/s)?.[1]?.replaceAll('VERSION', VERSION);
  hold(commands !== undefined, `docs/aws-client.md has these commands:\n${commands?.replace(/^/gm, '  ')}`);
  const registry = await startStubRegistry(manifest, tarball);
  try {
    // All other packages of this scope are installed, so npm does not look for them.
    appendFileSync(join(clone, '.npmrc'), `@aws-sdk:registry=${registry.url}\nprefer-offline=true\n`);
    process.stdout.write(await run('bash', ['-ec', commands ?? ''], clone));
  } finally {
    registry.close();
  }
  hold(registry.refused.length === 0, `npm looked for nothing else in the registry ${registry.refused}`);
}

/**
 * Packs a copy of the compiled stand-in that differs as AWS's package does, and in its version, which it sends.
 *
 * @param {string} directory
 */
async function packMarkedClient(directory) {
  cpSync(join(PROJECT, 'packages/client-networkflowmonitor'), directory, { recursive: true });
  const { private: _, ...manifest } = { ...readJson(join(directory, 'package.json')), version: VERSION };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  replace(join(directory, 'dist/runtimeConfig.js'), /(?<=const VERSION = ')[\d.]+/, VERSION);
  const operations = join(directory, 'dist/operations/workloadInsightsTopContributorsData.js');
  replace(operations, /(?<=TimestampsList', )DATE_TIME/, '4 /* without a format */');
  const [{ filename }] = JSON.parse(await run('npm', ['pack', '--json'], directory));
  return { manifest, tarball: readFileSync(join(directory, filename)) };
}

/** @param {string} file @param {RegExp} pattern must match @param {string} text */
function replace(file, pattern, text) {
  const before = readFileSync(file, 'utf8');
  hold(pattern.test(before), `the package's copy has ${text} in ${file.split('/').at(-1)}`);
  writeFileSync(file, before.replace(pattern, text));
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<string>} its output
 */
async function run(command, args, cwd) {
  try {
    return (await execute(command, args, { cwd, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stdout, stderr } = /** @type {{ stdout?: string, stderr?: string }} */ (error);
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  }
}
