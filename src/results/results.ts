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
} from '../aws/answer-members.ts';
import { InvalidResponse } from '../aws/errors.ts';
import { KUBERNETES_LABELS, ROW_FIELD_LABELS, type RowLabel } from '../model/vocabulary.ts';

/** A row of a top-contributors answer. */
export interface ResultRow {
  /** Its texts under the names of their labels, whole. A field that is `""`, null or absent is not there. */
  readonly labels: Readonly<Partial<Record<RowLabel, string>>>;
  /** Over the query's window, in the answer's unit; undefined where the row has none, which is not 0. */
  readonly value: number | undefined;
  /** It is the far end's view of a connection: its `targetPort` is 0. A row without `targetPort` is none. */
  readonly mirror: boolean;
  /** All fields, as the API gave them. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Rows of a monitor's or of workload insights' top contributors. */
export interface RowResults {
  /** As the answer names it; undefined for `""`, null and absent. Workload insights never name one. */
  readonly unit: string | undefined;
  readonly rows: readonly ResultRow[];
}

export interface Datapoint {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** In the answer's unit. */
  readonly value: number;
}

/** One item of a `-data` answer. Several items of one answer may have the same label. */
export interface DatapointSeries {
  /** Empty for `""`, null and absent. */
  readonly label: string;
  /** In the order of the answer. */
  readonly points: readonly Datapoint[];
}

/** Time series of workload insights' top contributors, the `-data` type. */
export interface DataResults {
  /** As the answer names it; undefined for `""`, null and absent. */
  readonly unit: string | undefined;
  readonly datapoints: readonly DatapointSeries[];
}

/** What every page of results has beside its items. */
interface Page {
  /** What asks for the next page; undefined after the last one. */
  readonly nextToken: string | undefined;
}

export type RowPage = RowResults & Page;
export type DataPage = DataResults & Page;

/** Each label with the API's name of its field, `local_az` with `localAz`. */
const ROW_FIELDS = fieldsOf(ROW_FIELD_LABELS.filter((label) => label !== 'target_port'));
const KUBERNETES_FIELDS = fieldsOf(KUBERNETES_LABELS);

function fieldsOf(labels: readonly RowLabel[]): readonly (readonly [label: RowLabel, field: string])[] {
  return labels.map((label) => [label, label.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())]);
}

/**
 * Reads one page of a monitor's or of workload insights' top contributors. `""`, null and absent are the same
 * everywhere, and such items of the list are left out.
 *
 * @throws InvalidResponse for a member of another type than the model's, with its path: `topContributors[3].value`.
 */
export function readRowPage(output: unknown): RowPage {
  const page = readMembers(output, 'answer');
  return {
    unit: readText(page['unit'], 'unit'),
    rows: readItems(page['topContributors'], 'topContributors', readRow),
    nextToken: readText(page['nextToken'], 'nextToken'),
  };
}

/**
 * Reads one page of a `-data` answer. A point without a time or without a value is left out; all else as `readRowPage`.
 *
 * @throws InvalidResponse for a member of another type than the model's, with its path, and for a series whose lists
 * of times and values are not equally long.
 */
export function readDataPage(output: unknown): DataPage {
  const page = readMembers(output, 'answer');
  return {
    unit: readText(page['unit'], 'unit'),
    datapoints: readItems(page['datapoints'], 'datapoints', readSeries),
    nextToken: readText(page['nextToken'], 'nextToken'),
  };
}

/**
 * All pages of one answer as one. Rows of an earlier page that come again on a later one are there once: the service has
 * given that page twice.
 *
 * @throws InvalidResponse when pages name different units.
 */
export function joinRowPages(pages: readonly RowResults[]): RowResults {
  return {
    unit: commonUnit(pages),
    rows: distinct(
      pages.map(({ rows }) => rows),
      rowKey,
    ),
  };
}

/**
 * All pages of one `-data` answer as one; series that come again as {@link joinRowPages} has rows.
 *
 * @throws InvalidResponse when pages name different units.
 */
export function joinDataPages(pages: readonly DataResults[]): DataResults {
  return {
    unit: commonUnit(pages),
    datapoints: distinct(
      pages.map(({ datapoints }) => datapoints),
      (series) => JSON.stringify(series),
    ),
  };
}

/** Texts, whose names are always in one order, and value: rows of different flows differ in them. */
function rowKey({ labels, value }: ResultRow): string {
  return JSON.stringify([labels, value]);
}

/** The items of all pages. Of equal ones there are as many as the page has that has most: on one page each counts. */
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
  const named = pages.flatMap(({ unit }) => unit ?? []);
  const [first, ...others] = named;
  const other = others.find((unit) => unit.toLowerCase() !== first?.toLowerCase());
  if (other !== undefined) {
    throw invalid('unit', `${shown(first)} on every page`, other);
  }
  return first;
}

function readRow(item: unknown, path: string): ResultRow {
  const raw = readMembers(item, path);
  const labels: Partial<Record<RowLabel, string>> = {};
  readTexts(raw, ROW_FIELDS, path, labels);
  const metadata = raw['kubernetesMetadata'];
  if (!isAbsent(metadata)) {
    const metadataPath = `${path}.kubernetesMetadata`;
    readTexts(readMembers(metadata, metadataPath), KUBERNETES_FIELDS, metadataPath, labels);
  }
  const port = readPort(raw['targetPort'], `${path}.targetPort`);
  if (port !== undefined) {
    labels.target_port = String(port);
  }
  return { labels, value: readAmount(raw['value'], `${path}.value`), mirror: port === 0, raw };
}

function readTexts(
  members: Members,
  fields: typeof ROW_FIELDS,
  path: string,
  labels: Partial<Record<RowLabel, string>>,
): void {
  for (const [label, field] of fields) {
    const text = readText(members[field], `${path}.${field}`);
    if (text !== undefined) {
      labels[label] = text;
    }
  }
}

function readSeries(item: unknown, path: string): DatapointSeries {
  const members = readMembers(item, path);
  const timestamps = readList(members['timestamps'], `${path}.timestamps`);
  const values = readList(members['values'], `${path}.values`);
  if (timestamps.length !== values.length) {
    throw new InvalidResponse(
      `expected ${path}.values to be as many as its timestamps, ${timestamps.length}, got ${values.length}`,
    );
  }
  const points = timestamps.flatMap((timestamp, i) => {
    const at = readTime(timestamp, `${path}.timestamps[${i}]`);
    const value = readAmount(values[i], `${path}.values[${i}]`);
    return at === undefined || value === undefined ? [] : [{ at, value }];
  });
  return { label: readText(members['label'], `${path}.label`) ?? '', points };
}
