// Builds the client package, the exporter, and its page's script into empty dist directories.
//
// The compiler checks the types, and writes the exporter module by module into build, which is for tests. What is shipped is
// dist/main.js with the chunks that it loads: our own modules and workspaces are bundled, so that a start reads a few
// files instead of hundreds, while npm dependencies stay where they are installed. dist/revision.txt has the revision:
// $REVISION, else the commit that is checked out, else "unknown".

import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc');
const CLIENT = join(PROJECT, 'packages/client-networkflowmonitor');
const SIMULATOR = join(PROJECT, 'packages/simulator');
const BROWSER = join(PROJECT, 'src/http/browser');
const SOURCES = join(PROJECT, 'src');

/** Modules that are loaded by their path: the command, and the threads that it starts. */
const ENTRIES = ['main', 'config/reading/yaml-worker'];

/** Workspaces that are bundled, with their first module. */
const WORKSPACES = {
  '@aws-sdk/client-networkflowmonitor': join(CLIENT, 'src/index.ts'),
  'network-flow-monitor-simulator': join(SIMULATOR, 'src/index.ts'),
};

for (const directory of [
  join(CLIENT, 'dist'),
  join(SIMULATOR, 'dist'),
  join(PROJECT, 'dist'),
  join(PROJECT, 'build'),
]) {
  // Files of modules that no longer exist would be shipped, and could still be imported.
  rmSync(directory, { recursive: true, force: true });
}
for (const directory of [CLIENT, SIMULATOR, PROJECT, BROWSER]) {
  try {
    execFileSync(process.execPath, [TSC, '-p', directory], { stdio: 'inherit' });
  } catch {
    process.exit(1); // the compiler has printed why
  }
}
await build({
  input: Object.fromEntries(ENTRIES.map((name) => [name, join(SOURCES, `${name}.ts`)])),
  platform: 'node',
  external: isExternal,
  resolve: { alias: WORKSPACES },
  plugins: [{ name: 'own-urls', transform: keepOwnUrls }],
  logLevel: 'warn',
  output: {
    dir: join(PROJECT, 'dist'),
    format: 'esm',
    sourcemap: true,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
});
chmodSync(join(PROJECT, 'dist/main.js'), 0o755);
writeFileSync(join(PROJECT, 'dist/revision.txt'), `${process.env['REVISION'] || commit() || 'unknown'}\n`);

/**
 * npm dependencies and Node's modules stay outside.
 *
 * @param {string} id
 */
function isExternal(id) {
  if (id.startsWith('@oxc-project/runtime')) {
    throw new Error(`the bundler wants ${id}, which is not shipped: write what needs it in another way`);
  }
  return /^[^./]/.test(id) && !Object.hasOwn(WORKSPACES, id);
}

/**
 * Lets a module that finds files beside itself find them from its chunk: `import.meta.url` stays what it would be if
 * dist had the module by itself.
 *
 * @param {string} code
 * @param {string} id the module's path
 */
function keepOwnUrls(code, id) {
  if (!code.includes('import.meta.url')) {
    return undefined;
  }
  const own = JSON.stringify(`./${relative(SOURCES, id).replace(/\.ts$/, '.js')}`);
  return { code: code.replaceAll('import.meta.url', `new URL(${own}, import.meta.url).href`), map: null };
}

/** The commit, or undefined outside a clone. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
