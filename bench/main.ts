import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseCores } from './cores.ts';
import { measureContributors } from './measure-contributors.ts';
import { measureFlatOut } from './measure-flat-out.ts';
import { measurePage } from './measure-page.ts';
import { measurePolling } from './measure-polling.ts';
import { measureScale } from './measure-scale.ts';
import { measureStart } from './measure-start.ts';
import { measureTargets } from './measure-targets.ts';
import { MAIN, Processes } from './processes.ts';
import { Report } from './report.ts';
import { runGate } from './run-gate.ts';
import { FULL, SMOKE } from './sizes.ts';

const RESULTS = fileURLToPath(new URL('../../../bench-results/', import.meta.url));

const { smoke, only, gate, plant } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    gate: { type: 'boolean', default: false },
    plant: { type: 'boolean', default: false },
  },
}).values;
if (process.platform !== 'linux') {
  throw new Error('the bench reads /proc, which only Linux has');
}
const sizes = smoke ? SMOKE : FULL;
const cores = chooseCores();
const machine = {
  date: new Date().toISOString(),
  built: execFileSync(process.execPath, [MAIN, '--version'], { encoding: 'utf8' }).trim(),
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  kernel: release(),
  /** Of the minute before, when nothing of the bench ran: what else keeps the machine busy. */
  load: loadavg()[0]?.toFixed(1),
  pinning:
    cores === undefined
      ? 'none'
      : `what is measured on core ${cores.measured}, simulator and load on core ${cores.others}`,
};
const folder = await mkdtemp(join(tmpdir(), 'nfm-exporter-bench-'));
const processes = new Processes(cores, folder);
const report = new Report();
/** In the order in which they run; `--only=NAME`, which may be repeated, chooses among them. */
const parts: Readonly<Record<string, () => Promise<void>>> = {
  start: () => measureStart(processes, sizes.start, report),
  scale: () => measureScale(processes, sizes.scale, report),
  page: () => measurePage(processes, sizes.page, report),
  contributors: () => measureContributors(processes, sizes.contributors, report),
  targets: () => measureTargets(processes, sizes.targets, report),
  'flat-out': () => measureFlatOut(processes, sizes.flatOut, report),
  polling: () => measurePolling(processes, sizes.polling, report),
};
try {
  if (gate) {
    process.stdout.write(`load ${machine.load}\n`);
    process.exitCode = (await runGate(processes, plant)) ? 0 : 1;
  }
  for (const name of gate ? [] : (only ?? Object.keys(parts))) {
    const measure = parts[name];
    if (measure === undefined) {
      throw new Error(`--only: got ${name}, expected one of ${Object.keys(parts).join(', ')}`);
    }
    await measure();
  }
} finally {
  processes.killAll();
  await rm(folder, { recursive: true });
}

if (!gate) {
  await writeReport();
}

async function writeReport(): Promise<void> {
  const facts = Object.entries(machine).map(([name, value]) => `${name}: ${value}`);
  process.stdout.write(`${facts.join('\n')}\n\n${report.table()}`);
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `${smoke ? 'smoke-' : ''}${machine.date.replaceAll(':', '-')}.json`);
  await writeFile(file, `${JSON.stringify({ ...machine, smoke, sizes, figures: report.figures }, null, 2)}\n`);
  process.stdout.write(`\nWritten to ${file}\n`);
}
