/** CPU time of all threads of this process so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const LOOP_STRINGS = 60_000;

/**
 * A fixed amount of work of the kind that the exporter does: it builds strings and looks them up. Returns its CPU time in
 * milliseconds, the unit in which the gate measures blocks.
 */
export function calibratedLoop(): number {
  const before = cpuMs();
  const found = new Map<string, number>();
  for (let i = 0; i < LOOP_STRINGS; i += 1) {
    found.set(`query-${i % 5_000}`, (found.get(`query-${(i * 7) % 5_000}`) ?? 0) + i);
  }
  if (found.size !== 5_000) {
    throw new Error('internal error: the calibrated loop computed a wrong result');
  }
  return cpuMs() - before;
}
