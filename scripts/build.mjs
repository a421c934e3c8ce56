// Builds the client package, the exporter, and its page's script into empty dist directories.
//
// The compiler checks the types, and writes the exporter module by module into build, which is for tests. What is shipped is
// dist/main.js with the chunks that it loads: our own modules and workspaces are bundled, so that a start reads a few
// files instead of hundreds. npm dependencies are not bundled. dist/revision.txt has the revision:
// $REVISION, else the commit that is checked out, else "unknown". dist/client.txt has the client of the AWS API, which is a
// workspace or AWS's package: see docs/aws-client.md.

import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'rolldown';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc');
const CLIENT = join(PROJECT, 'packages/client-networkflowmonitor');
const SIMULATOR = join(PROJECT, 'packages/simulator');
const BROWSER = join(PROJECT, 'src/http/browser');
const SOURCES = join(PROJECT, 'src');

const require = createRequire(import.meta.url);

/** An import of a default, of names, or of both, as the bundler writes it. */
const IMPORT = /^import (?:(\w+)(?:, )?)?(?:\{ ([^}]*) \})? ?from "([^"]+)";$/gm;
const REQUIRE =
  'import { createRequire as requireFrom } from "node:module"; const requirePackage = requireFrom(import.meta.url);';

/** Modules that are loaded by their path: the command, and the threads that it starts. */
const ENTRIES = ['main', 'config/reading/yaml-worker'];

const CLIENT_NAME = '@aws-sdk/client-networkflowmonitor';
const INSTALLED_CLIENT = join(PROJECT, 'node_modules', CLIENT_NAME);
/** npm links a workspace, and copies a package. */
const isStandIn = lstatSync(INSTALLED_CLIENT).isSymbolicLink();
if (!isStandIn && readManifest(PROJECT).dependencies?.[CLIENT_NAME] === undefined) {
  // Otherwise, an installation of the packed exporter would lack the client.
  process.stderr.write(
    `${CLIENT_NAME} is not a dependency in package.json: npm install --save-prod --save-exact ${CLIENT_NAME}\n`,
  );
  process.exit(1);
}

/** Workspaces that are bundled, with their first module. */
const WORKSPACES = {
  ...(isStandIn ? { [CLIENT_NAME]: join(CLIENT, 'src/index.ts') } : {}),
  'network-flow-monitor-simulator': join(SIMULATOR, 'src/index.ts'),
};
const COMPILED = [...(isStandIn ? [CLIENT] : []), SIMULATOR, PROJECT, BROWSER];

for (const directory of [...COMPILED.map((project) => join(project, 'dist')), join(PROJECT, 'build')]) {
  // Files of modules that no longer exist would be shipped, and could still be imported.
  rmSync(directory, { recursive: true, force: true });
}
for (const directory of COMPILED) {
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
  plugins: [
    { name: 'own-urls', transform: keepOwnUrls },
    { name: 'require-packages', renderChunk: (code) => ({ code: requirePackages(code), map: null }) },
  ],
  logLevel: 'warn',
  // Otherwise, both this and `minify` drop calls that may only throw: `try { decodeURIComponent(path) } catch { return; }`.
  treeshake: false,
  output: {
    dir: join(PROJECT, 'dist'),
    format: 'esm',
    sourcemap: true,
    minify: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  },
});
chmodSync(join(PROJECT, 'dist/main.js'), 0o755);
writeFileSync(join(PROJECT, 'dist/revision.txt'), `${process.env['REVISION'] || commit() || 'unknown'}\n`);
writeFileSync(join(PROJECT, 'dist/client.txt'), `${client()}\n`);

/** Name and version of the installed client. The stand-in has those of the package that it replaces. */
function client() {
  const { name, version } = readManifest(INSTALLED_CLIENT);
  return `${isStandIn ? 'stand-in for ' : ''}${name} ${version}`;
}

/** @param {string} directory of a package */
function readManifest(directory) {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
}

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
 * Keeps `import.meta.url` of a module as if dist contained the module separately, so that it finds the files next to it.
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

/**
 * Replaces imports of CommonJS packages by calls of `require`, on the same lines. For an import, Node.js searches the sources
 * of a package and of all that it requires for their exports. That is a fifth of the CPU time of a start.
 *
 * @param {string} code of a chunk
 */
function requirePackages(code) {
  let isFirst = true;
  return code.replace(IMPORT, (line, /** @type {string | undefined} */ all, names, name) => {
    // The default of a CommonJS package has all of its exports, and no default.
    if (/\bdefault as\b/.test(names ?? '') || !isCommonJs(name)) {
      return line;
    }
    const loaded = `requirePackage("${name}")`;
    const statements = [
      ...(isFirst ? [REQUIRE] : []),
      ...(all === undefined ? [] : [`const ${all} = ${loaded};`]),
      ...(names === undefined ? [] : [`const { ${names.replaceAll(' as ', ': ')} } = ${all ?? loaded};`]),
    ];
    isFirst = false;
    return statements.join(' ');
  });
}

/**
 * Whether an import and `require` load the same module of a package.
 *
 * @param {string} name
 */
function isCommonJs(name) {
  if (/^\.|^node:/.test(name)) {
    return false;
  }
  try {
    const file = require.resolve(name);
    return import.meta.resolve(name) === pathToFileURL(file).href && formatOf(file) === 'commonjs';
  } catch {
    // A package of modules only.
    return false;
  }
}

/** @param {string} file */
function formatOf(file) {
  if (extname(file) !== '.js') {
    return extname(file) === '.cjs' ? 'commonjs' : 'module';
  }
  for (let directory = dirname(file); directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const { type = 'commonjs' } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      return type;
    } catch {
      // It is in another directory.
    }
  }
  return 'commonjs';
}

/** The commit, or undefined outside a clone. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
