import { mapInTurns } from '../../lib/concurrency.ts';
import { delimitedLine, plainNumber } from '../../results/delimited.ts';
import { type Flow, type FlowEnd, flowOf, mergeMirrors } from '../../results/flow.ts';
import type { DatapointsJson, RowsJson } from '../../results/results-json.ts';

/** The JSON of `/api/v1/queries/NAME/contributors`. */
export type ContributorsJson = (RowsJson | DatapointsJson) & {
  readonly windowStart: string;
  readonly windowEnd: string;
};

/** A contributor on the page: a flow, or the newest point of a series. */
export interface Contributor {
  /** In the base unit. */
  readonly value: number;
  readonly flow: Flow;
  /** All fields of the response that have a text, in its order. */
  readonly fields: ReadonlyMap<string, string>;
  /** Components that the flow traversed, from the local end. */
  readonly path: readonly string[];
  /** Value in the remote end's view, in the base unit; undefined without one. */
  readonly remoteView: number | undefined;
}

/** Orders of contributors by the value of `sort`, the default first. Equal ones are ordered by value. */
export const SORTS = {
  value: { text: 'value', key: () => '' },
  local: { text: 'local end', key: ({ flow }: Contributor) => flow.local.name },
  remote: { text: 'remote end', key: ({ flow }: Contributor) => `${flow.remote.name} ${flow.port ?? ''}` },
  zones: { text: 'zones', key: ({ flow }: Contributor) => `${flow.local.zone} ${flow.remote.zone}` },
} as const;

export type Sort = keyof typeof SORTS;
export const SORT_NAMES: readonly Sort[] = ['value', 'local', 'remote', 'zones'];

/** Returns the contributors of results, one per flow: mirror rows are merged. Rows without a value are skipped. */
export function contributorsOf(results: ContributorsJson): Contributor[] {
  if ('datapoints' in results) {
    return newestOf(results);
  }
  const rows = results.rows.flatMap((row) => {
    const { baseValue, value: _, traversedConstructs, ...fields } = row;
    return typeof baseValue === 'number'
      ? [{ value: baseValue, flow: flowOf(row), fields: textsOf(fields), path: pathOf(traversedConstructs) }]
      : [];
  });
  return mergeMirrors(rows).map(({ item, mirror }) => ({ ...item, remoteView: mirror?.value }));
}

/** Returns the contributors that contain all words of `search`, sorted. */
export function selectContributors(all: readonly Contributor[], search: string, sort: Sort): Contributor[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const { key } = SORTS[sort];
  return all
    .filter(({ fields, path }) => {
      const text = [...fields.values(), ...path].join('\n').toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .map((contributor) => ({ contributor, key: key(contributor) }))
    .sort((a, b) => (a.key === b.key ? b.contributor.value - a.contributor.value : a.key < b.key ? -1 : 1))
    .map(({ contributor }) => contributor);
}

/** Returns the newest point of each series. Points with the same label and time are added up, as in the metrics. */
function newestOf({ datapoints }: DatapointsJson): Contributor[] {
  const newest = new Map<string, { readonly at: string; readonly value: number }>();
  for (const { label, timestamps, baseValues } of datapoints) {
    for (const [i, at] of timestamps.entries()) {
      const value = baseValues[i] ?? 0;
      const best = newest.get(label);
      if (best === undefined || at >= best.at) {
        newest.set(label, { at, value: at === best?.at ? best.value + value : value });
      }
    }
  }
  const remote: FlowEnd = { name: '', ip: '', zone: '', host: '' };
  return Array.from(newest, ([label, { value }]) => ({
    value,
    flow: { local: { ...remote, name: label }, remote, port: undefined, mirror: false },
    fields: new Map([['series', label]]),
    path: [],
    remoteView: undefined,
  }));
}

/** Returns the fields of a row as texts, including those of nested objects (`kubernetesMetadata`). */
function textsOf(row: Readonly<Record<string, unknown>>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [field, value] of Object.entries(row)) {
    if (typeof value === 'object' && value !== null) {
      for (const [inner, text] of textsOf({ ...value })) {
        texts.set(inner, text);
      }
    } else if (value !== undefined && value !== null && value !== '') {
      texts.set(field, String(value));
    }
  }
  return texts;
}

/** `AWS::EC2::NatGateway` with an ID is `NatGateway nat-0123`. */
function pathOf(constructs: unknown): string[] {
  return (Array.isArray(constructs) ? constructs : []).map((construct: unknown) => {
    const texts = textsOf(Object(construct));
    const type = texts.get('componentType')?.replace(/^.*::/, '') ?? '';
    return [type, texts.get('componentId'), texts.get('serviceName')].filter(Boolean).join(' ');
  });
}

/** Returns contributors as tab-separated values with a header: the value in the base unit, and all fields that any has. */
export async function contributorsTsv(contributors: readonly Contributor[], baseUnit: string): Promise<string> {
  const fields = [...new Set(contributors.flatMap((each) => [...each.fields.keys()]))];
  const header = ['value', 'unit', ...fields, 'path'];
  const lines = await mapInTurns(contributors, ({ value, fields: texts, path }) =>
    delimitedLine(
      [plainNumber(value), baseUnit, ...fields.map((field) => texts.get(field) ?? ''), path.join(' > ')],
      'tsv',
    ),
  );
  return [delimitedLine(header, 'tsv'), ...lines].join('');
}
