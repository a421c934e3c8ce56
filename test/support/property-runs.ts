/**
 * How often a property is tried. PROPERTY_RUNS multiplies it: `npm run long:properties` tries ten times as often as a run
 * for each change of the code does.
 */
export function propertyRuns(usual: number): number {
  return usual * Number(process.env['PROPERTY_RUNS'] ?? 1);
}
