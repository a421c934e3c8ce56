/** Groups of families, the values of `collect[]`. */
export const METRIC_GROUPS = [
  'queries',
  'contributors',
  'api',
  'inventory',
  'monitors',
  'exporter',
  'process',
] as const;
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

/** A family in a table. Its labels are those beside the common ones of the table. */
type Described = Pick<Family, 'type' | 'help' | 'labels'>;

export function gauge(help: string, ...labels: readonly string[]): Described {
  return { type: 'gauge', help, labels };
}

export function counter(help: string, ...labels: readonly string[]): Described {
  return { type: 'counter', help, labels };
}

export function histogram(help: string, ...labels: readonly string[]): Described {
  return { type: 'histogram', help, labels };
}

/** Creates the families of a group, with type-checked names. All of them have the `common` labels first. */
export function families<Name extends string>(
  group: MetricGroup,
  common: readonly string[],
  table: Readonly<Record<Name, Described>>,
): { readonly [Key in Name]: Family } {
  const entries = Object.entries<Described>(table).map(([name, { type, help, labels }]) => [
    name,
    { name, type, help, group, labels: [...common, ...labels] },
  ]);
  return Object.fromEntries(entries);
}
