import { isWithin, PLANTED, type RatioName, readBounds } from './gate.ts';
import { MEASUREMENTS } from './measure-gate.ts';
import type { Processes } from './processes.ts';

/** Relative to the compiled module. */
const BOUNDS = new URL('../../bounds.json', import.meta.url);

/**
 * Measures each ratio and compares it with its bound. With `planted`, adds CPU time to the exporter after the first
 * measurement (`PLANTED`), and requires that the second one exceeds the bound. Prints a line per measurement. Returns true if all
 * results are as required.
 */
export async function runGate(processes: Processes, planted: boolean): Promise<boolean> {
  const bounds = readBounds(BOUNDS);
  let passed = true;
  for (const [name, prepare] of Object.entries(MEASUREMENTS) as [RatioName, (typeof MEASUREMENTS)[RatioName]][]) {
    const bound = bounds[name];
    const measurement = await prepare(processes);
    const print = (label: string, ratio: number, isRequired: boolean) => {
      passed &&= isRequired;
      const limits = `at most ${bound.atMost}, measured before ${bound.measured}`;
      process.stdout.write(`${isRequired ? 'ok    ' : 'FAILED'} ${label}: ${ratio.toFixed(3)} (${limits})\n`);
    };
    const { own, ratio } = await measurement.measure();
    print(name, ratio, isWithin(bound, ratio));
    if (planted) {
      await measurement.plant(PLANTED * own);
      const slow = await measurement.measure();
      print(
        `${name}, with ${PLANTED} times its CPU time added, exceeds its bound`,
        slow.ratio,
        !isWithin(bound, slow.ratio),
      );
    }
    processes.killAll();
  }
  return passed;
}
