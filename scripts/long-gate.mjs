// Runs the gate of the bench ten times, then once with planted slowdowns, and prints each result, and per ratio the range.
// Fails if a run without slowdowns fails, or if the gate misses a planted slowdown.
//
//   npm run long:gate [-- --runs=N]

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../bench/dist/bench/main.js', import.meta.url));

const { runs } = parseArgs({ options: { runs: { type: 'string', default: '10' } } }).values;

/** @type {Map<string, number[]>} */
const ratios = new Map();
let failed = 0;

/** @param {string} title @param {readonly string[]} flags */
function run(title, flags) {
  const begin = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [MAIN, '--gate', ...flags], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  failed += status === 0 ? 0 : 1;
  const seconds = ((performance.now() - begin) / 1_000).toFixed(0);
  process.stdout.write(`${title}: ${status === 0 ? 'passed' : 'FAILED'} after ${seconds} s\n${stdout}`);
  return stdout;
}

for (let i = 1; i <= Number(runs); i += 1) {
  for (const [, name = '', ratio] of run(`run ${i}`, []).matchAll(/^(?:ok {4}|FAILED) (.*?): ([\d.]+) /gm)) {
    ratios.set(name, [...(ratios.get(name) ?? []), Number(ratio)]);
  }
}
run('with planted slowdowns', ['--plant']);
for (const [name, values] of ratios) {
  const sorted = values.toSorted((a, b) => a - b);
  process.stdout.write(`${name}: ${sorted[0]} to ${sorted.at(-1)}, median ${sorted[Math.floor(sorted.length / 2)]}\n`);
}
process.stdout.write(`${failed} of ${Number(runs) + 1} results were not as required\n`);
process.exitCode = failed === 0 ? 0 : 1;
