/** How long some work takes, in milliseconds. */
export function timeOf(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
