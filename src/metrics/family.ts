/** Groups of families, the values of `collect[]`. */
export const METRIC_GROUPS = ['queries', 'contributors', 'api', 'inventory', 'exporter', 'process'] as const;
export type MetricGroup = (typeof METRIC_GROUPS)[number];

/** A metric family of the exporter. The documentation is generated from these. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** Value, source, and age in at most 120 characters. No quotes and backslashes, which the formats escape differently. */
  readonly help: string;
  /** In the order of the exposition. */
  readonly labels: readonly string[];
  readonly group: MetricGroup;
}

/** Creates the families of a table, with type-checked names. */
export function families<Name extends string>(
  group: MetricGroup,
  table: Readonly<Record<Name, Omit<Family, 'name' | 'group'>>>,
): { readonly [Key in Name]: Family } {
  const entries = Object.entries<Omit<Family, 'name' | 'group'>>(table).map(([name, family]) => [
    name,
    { name, group, ...family },
  ]);
  return Object.fromEntries(entries);
}
