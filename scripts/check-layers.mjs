// Checks the imports of src against the layers that biome.json describes. First plants violations in a temporary directory,
// and fails if the linter accepts one of them or rejects allowed code, so that a check without effect is noticed. Then lints
// the real tree.
//
//   node scripts/check-layers.mjs [DIRECTORY]    DIRECTORY: contains biome.json; by default, the project

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plants } from './planted-violations.mjs';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const BIOME = join(PROJECT, 'node_modules/@biomejs/biome/bin/biome');
/** What the configuration consists of. */
const CONFIGURATION = ['biome.json', '.gitignore', 'scripts/lint'];
/** The rules that keep the layers; planted code breaks others, too. */
const RULES = new Set([
  'lint/style/noProcessEnv',
  'lint/style/noRestrictedGlobals',
  'lint/style/noRestrictedImports',
  'lint/suspicious/noConsole',
  'plugin',
]);

/** Rules that infer types or follow imports, which takes most of the time. The layers do not need them. */
const SKIPPED = ['--skip=types', '--skip=project'];

/** @param {string} directory @param {readonly string[]} args */
function lint(directory, args) {
  const flags = ['lint', '--max-diagnostics=none', ...SKIPPED];
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIOME, ...flags, ...args], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ok: status === 0, output: stdout + stderr };
}

/**
 * Plants violations beside a copy of the configuration.
 *
 * @param {string} configuration the directory that holds it
 */
function tryGuard(configuration) {
  const directory = mkdtempSync(join(tmpdir(), 'planted-'));
  try {
    for (const path of CONFIGURATION) {
      cpSync(join(configuration, path), join(directory, path), { recursive: true });
    }
    /** @type {Map<string, string[]>} */
    const files = new Map();
    const expected = plants().map(({ file, code, refused }) => {
      const lines = files.get(file) ?? [];
      files.set(file, lines);
      return { place: `${file}:${lines.push(code)}`, file, code, refused };
    });
    for (const [file, lines] of files) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), `${lines.join('\n')}\n`);
    }
    const { output } = lint(directory, ['--reporter=github', 'src', 'packages']);
    const places = [
      ...output.matchAll(/^::error title=([^,]+),file=(?:\S*?\/)??((?:packages\/[^,/]+\/)?src\/[^,]+),line=(\d+),/gm),
    ]
      .filter(([, rule = '']) => RULES.has(rule))
      .map(([, , file, line]) => `${file}:${line}`);
    const found = new Set(places);
    return {
      example: output
        .match(/title=lint\/style\/noRestrictedImports,file=(?:\S*?\/)??((?:packages\/[^,/]+\/)?src\/[^,]+),.*::(.+)/)
        ?.slice(1)
        .join(': '),
      refused: expected.filter(({ refused }) => refused).length,
      passed: expected.filter(({ refused }) => !refused).length,
      mistakes: expected
        .filter(({ place, refused }) => found.has(place) !== refused)
        .map(({ file, code, refused }) => `${refused ? 'let pass' : 'refused'} in ${file}: ${code}`),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const configuration = resolve(process.argv[2] ?? PROJECT);
const { refused, passed, mistakes, example } = tryGuard(configuration);
if (mistakes.length > 0) {
  const shown = [...mistakes.slice(0, 20), ...(mistakes.length > 20 ? [`… ${mistakes.length} in all`] : [])];
  process.stderr.write(`The layer guard does not work. It has\n  ${shown.join('\n  ')}\n`);
  process.exit(1);
}
process.stdout.write(
  `planted: ${refused} violations, all refused, such as\n  ${example}\nand ${passed} allowed lines, none refused\n`,
);

const tree = lint(PROJECT, ['src', 'packages']);
process.stdout.write(`real tree: ${tree.output.trim()}\n`);
process.exitCode = tree.ok ? 0 : 1;
