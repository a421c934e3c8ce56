/** The CPU time that some work takes, in milliseconds: a machine that is busy does not make it longer. */
export function timeOf(work: () => void): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
}
