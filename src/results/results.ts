import { InvalidResponse } from '../aws/errors.ts';
import {
  invalid,
  isAbsent,
  type Members,
  readAmount,
  readItems,
  readList,
  readMembers,
  readPort,
  readText,
  readTime,
  shown,
} from '../aws/response-members.ts';
import { KUBERNETES_LABELS, ROW_FIELD_LABELS, type RowLabel } from '../model/vocabulary.ts';

export interface ResultRow {
  /** Complete texts by label. Fields that are `""`, null, or absent are omitted. */
  readonly labels: Readonly<Partial<Record<RowLabel, string>>>;
  /** Value over the query's window, in the unit of the response. Undefined without a value, which is not 0. */
  readonly value: number | undefined;
  /** Whether `targetPort` is 0: the row is the remote end's view of a connection. A row without `targetPort` is not one. */
  readonly mirror: boolean;
  /** All fields of the response. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Rows of top contributors of a monitor or of workload insights. */
export interface RowResults {
  /** Unit in the response; undefined for `""`, null, and absent. Workload insights never name one. */
  readonly unit: string | undefined;
  readonly rows: readonly ResultRow[];
}

export interface Datapoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** In the unit of the response. */
  readonly value: number;
}

/** One item of a `-data` response. Several items may have the same label. */
export interface DatapointSeries {
  /** Empty for `""`, null, and absent. */
  readonly label: string;
  readonly points: readonly Datapoint[];
}

/** Time series of workload insights' top contributors, the `-data` type. */
export interface DataResults {
  /** Unit in the response; undefined for `""`, null, and absent. */
  readonly unit: string | undefined;
  readonly datapoints: readonly DatapointSeries[];
}

interface Page {
  /** Token of the next page; undefined after the last one. */
  readonly nextToken: string | undefined;
}

export type RowPage = RowResults & Page;
export type DataPage = DataResults & Page;

/** Each label with its field in the API, for example `local_az` with `localAz`. */
const ROW_FIELDS = fieldsOf(ROW_FIELD_LABELS.filter((label) => label !== 'target_port'));
const KUBERNETES_FIELDS = fieldsOf(KUBERNETES_LABELS);

function fieldsOf(labels: readonly RowLabel[]): readonly (readonly [label: RowLabel, field: string])[] {
  return labels.map((label) => [label, label.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]);
}

/**
 * Reads one page of top contributors of a monitor or of workload insights. `""`, null, and absent are equivalent, and such
 * items of the list are skipped.
 *
 * @throws InvalidResponse if a member has another type than in the model, with its path: `topContributors[3].value`
 */
export function readRowPage(output: unknown): RowPage {
  const page = readMembers(output, 'response');
  return {
    unit: readText(page['unit'], 'unit'),
    rows: readItems(page['topContributors'], 'topContributors', readRow),
    nextToken: readText(page['nextToken'], 'nextToken'),
  };
}

/**
 * Reads one page of a `-data` response like {@link readRowPage}. Points without a time or a value are skipped.
 *
 * @throws InvalidResponse as {@link readRowPage}, or if a series has not as many values as times
 */
export function readDataPage(output: unknown): DataPage {
  const page = readMembers(output, 'response');
  return {
    unit: readText(page['unit'], 'unit'),
    datapoints: readItems(page['datapoints'], 'datapoints', readSeries),
    nextToken: readText(page['nextToken'], 'nextToken'),
  };
}

/** Joins pages of rows, without rows repeated on a later page. @throws InvalidResponse if pages have different units */
export function joinRowPages(pages: readonly RowResults[]): RowResults {
  const rows = pages.map((page) => page.rows);
  // The order of the texts is fixed. Rows of different flows have different keys.
  return { unit: commonUnit(pages), rows: distinct(rows, ({ labels, value }) => JSON.stringify([labels, value])) };
}

/** Joins the pages of data points like {@link joinRowPages}. @throws InvalidResponse if pages have different units */
export function joinDataPages(pages: readonly DataResults[]): DataResults {
  const datapoints = pages.map((page) => page.datapoints);
  return { unit: commonUnit(pages), datapoints: distinct(datapoints, (series) => JSON.stringify(series)) };
}

/** Returns the items of all pages. Equal items are kept as often as on the page with the most of them. */
function distinct<Item>(pages: readonly (readonly Item[])[], keyOf: (item: Item) => string): readonly Item[] {
  const [first = [], ...others] = pages;
  if (others.length === 0) {
    return first;
  }
  const counts = new Map<string, number>();
  return pages.flatMap((page) => {
    const onPage = new Map<string, number>();
    return page.filter((item) => {
      const key = keyOf(item);
      const count = (onPage.get(key) ?? 0) + 1;
      onPage.set(key, count);
      const isNew = count > (counts.get(key) ?? 0);
      if (isNew) {
        counts.set(key, count);
      }
      return isNew;
    });
  });
}

function commonUnit(pages: readonly { readonly unit: string | undefined }[]): string | undefined {
  const [first, ...others] = pages.flatMap(({ unit }) => unit ?? []);
  const other = others.find((unit) => unit.toLowerCase() !== first?.toLowerCase());
  if (other !== undefined) {
    throw invalid('unit', `${shown(first)} on every page`, other);
  }
  return first;
}

function readRow(item: unknown, path: string): ResultRow {
  const raw = readMembers(item, path);
  const labels = readTexts(raw, ROW_FIELDS, path);
  const metadata = raw['kubernetesMetadata'];
  if (!isAbsent(metadata)) {
    const metadataPath = `${path}.kubernetesMetadata`;
    Object.assign(labels, readTexts(readMembers(metadata, metadataPath), KUBERNETES_FIELDS, metadataPath));
  }
  const port = readPort(raw['targetPort'], `${path}.targetPort`);
  if (port !== undefined) {
    labels.target_port = String(port);
  }
  return { labels, value: readAmount(raw['value'], `${path}.value`), mirror: port === 0, raw };
}

function readTexts(members: Members, fields: typeof ROW_FIELDS, path: string): Partial<Record<RowLabel, string>> {
  const texts = fields.map(([label, field]) => [label, readText(members[field], `${path}.${field}`)] as const);
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined));
}

function readSeries(item: unknown, path: string): DatapointSeries {
  const members = readMembers(item, path);
  const timestamps = readList(members['timestamps'], `${path}.timestamps`);
  const values = readList(members['values'], `${path}.values`);
  if (timestamps.length !== values.length) {
    throw new InvalidResponse(
      `expected as many ${path}.values as timestamps (${timestamps.length}), got ${values.length}`,
    );
  }
  const points = timestamps.flatMap((timestamp, i) => {
    const at = readTime(timestamp, `${path}.timestamps[${i}]`);
    const value = readAmount(values[i], `${path}.values[${i}]`);
    return at === undefined || value === undefined ? [] : [{ at, value }];
  });
  return { label: readText(members['label'], `${path}.label`) ?? '', points };
}
