/**
 * Number of runs of a property. PROPERTY_RUNS multiplies it: `npm run long:properties` has ten times as many runs as the test
 * of a change.
 */
export function propertyRuns(usual: number): number {
  return Math.ceil(usual * Number(process.env['PROPERTY_RUNS'] ?? 1));
}
