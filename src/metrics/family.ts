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

/** `name` or `name{label,other_label}` with the labels beside the common ones of the table. Only histograms have the label `le`. */
type NameIn<Key extends string> = Key extends `${infer Name}{${string}}` ? Name : Key;

/** Creates the families of a group from their HELP, with type-checked names. All of them have the `common` labels first. */
export function families<Key extends string>(
  group: MetricGroup,
  common: readonly string[],
  table: Readonly<Record<Key, string>>,
): { readonly [Name in NameIn<Key>]: Family } {
  const entries = Object.entries<string>(table).map(([key, help]) => {
    const [name = '', ...labels] = key.match(/\w+/g) ?? [];
    const shown = labels.filter((label) => label !== 'le');
    return [name, { name, type: typeOf(name, labels), help, group, labels: [...common, ...shown] }];
  });
  return Object.fromEntries(entries);
}

function typeOf(name: string, labels: readonly string[]): Family['type'] {
  if (labels.includes('le')) {
    return 'histogram';
  }
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

/** Returns the names of a record. Its type must have all of them. */
export function keysOf<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record) as Name[]; // the record has exactly these keys
}
