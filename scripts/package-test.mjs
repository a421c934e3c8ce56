// Packs the exporter with `npm pack`, installs the file in an empty directory, and runs the demo from there. Needs
// `npm run build`. Dependencies are taken from npm's cache if it has them.
//
//   node scripts/package-test.mjs

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hold } from './hold.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
/** Bytes, unpacked. */
const LARGEST_PACKAGE = 3_000_000;
/** Images, source maps, and type declarations. */
const SUPERFLUOUS = /\.(?:png|jpe?g|svg|map|d\.[cm]?ts)$/;

const temporary = mkdtempSync(join(tmpdir(), 'nfm-exporter-package-'));
try {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', `--pack-destination=${temporary}`], PROJECT),
  );
  process.stdout.write(`${packed.filename}: ${packed.size} bytes, ${packed.unpackedSize} unpacked\n`);
  /** @type {string[]} */
  const paths = packed.files.map((/** @type {{ path: string }} */ { path }) => path);
  hold(packed.unpackedSize < LARGEST_PACKAGE, `unpacked, it has less than ${LARGEST_PACKAGE} bytes`);
  hold(!paths.some((path) => SUPERFLUOUS.test(path)), 'it has no images, source maps, or type declarations');
  hold(
    ['LICENSE', 'README.md', 'dist/main.js'].every((path) => paths.includes(path)),
    'it has program and license',
  );
  const inlined = inlinedModules();
  hold(inlined.length === 0, `it has no code of other packages inlined, which would need their licenses ${inlined}`);

  const directory = join(temporary, 'installed');
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), '{}');
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(temporary, packed.filename)], directory);
  const program = join(directory, 'node_modules/.bin/nfm-exporter');
  const version = run(program, ['--version'], directory);
  hold(version === run(join(PROJECT, 'dist/main.js'), ['--version'], PROJECT), `it is installed: ${version.trim()}`);
  process.stdout.write(run(process.execPath, [join(PROJECT, 'scripts/smoke.mjs'), `--main=${program}`], directory));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** Modules of npm packages that the bundler has put into dist, by its source maps. */
function inlinedModules() {
  const files = readdirSync(join(PROJECT, 'dist'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.map'))
    .flatMap((file) => JSON.parse(readFileSync(join(PROJECT, 'dist', file), 'utf8')).sources)
    .filter((source) => source.includes('node_modules/'));
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
