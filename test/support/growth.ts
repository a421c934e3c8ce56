/** The CPU time of some work in milliseconds, which does not depend on the load of the machine. */
export function timeOf(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}
