/** Groups of families, the values of `collect[]`. */
export const METRIC_GROUPS = ['queries', 'contributors', 'api', 'inventory', 'exporter', 'process'] as const;
export type MetricGroup = (typeof METRIC_GROUPS)[number];

/** A metric family of ours; the documentation is generated from these. */
export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** Where the value comes from and how old it can be. One line; no quotes or backslashes, which formats escape differently. */
  readonly help: string;
  /** In the order in which they are written. */
  readonly labels: readonly string[];
  readonly group: MetricGroup;
}

/** Each name in order, checked so that a family can be looked up by it. */
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
