import { LONGEST_LOOKBACK_MS, type Schedule } from '../../model/query.ts';
import { DATA_TYPE, KNOWN_CATEGORIES, type QueryType, ROW_LABELS } from '../../model/vocabulary.ts';
import type { MonitorSelector } from '../config.ts';
import { namedIn, type Selection } from '../reading/formats.ts';
import { didYouMean } from '../reading/nearest.ts';
import { type ConfigNode, elementsOf, keyPath, quote, showNode } from '../reading/nodes.ts';
import type { Reading } from '../reading/reading.ts';
import { readSection } from '../reading/section.ts';
import { formatDuration } from '../reading/texts.ts';
import { MONITOR_SELECTOR, SCHEDULE } from '../schema.ts';

/**
 * Labels of the exporter's metrics. User-defined labels cannot have any of these names, not only those of
 * `aws_nfm_query_info`, because joins copy labels from one metric to another.
 */
const METRIC_LABELS: ReadonlySet<string> = new Set([
  // Queries
  'query',
  'query_type',
  'query_group',
  'query_id',
  'account',
  'aws_region',
  'monitor',
  'scope_id',
  'metric_name',
  'destination_category',
  'source',
  'status',
  'operation',
  'error',
  'outcome',
  // Contributors: the rows' fields
  'mirror',
  'series',
  ...ROW_LABELS,
  // API, inventory and the exporter itself
  'state',
  'aws_account_id',
  'arn',
  'kind',
  'version',
  'revision',
  'node_version',
  'file',
  'zone_id',
  'zone_name',
]);

/** Common labels of Prometheus targets. Prometheus renames conflicting labels of metrics to `exported_…`. */
const COMMON_TARGET_LABELS: ReadonlySet<string> = new Set('env cluster namespace service pod region zone'.split(' '));

/** Reads a mapping of user-defined labels. Reports and omits invalid labels. */
export function readLabels(node: ConfigNode, path: string, reading: Reading): Readonly<Record<string, string>> {
  const labels: [string, string][] = [];
  const { entries } = reading.map(path, node, 'a mapping of label names to text');
  for (const [name, { keyLine, value }] of entries) {
    const labelPath = keyPath(path, name);
    const expected = expectedInsteadOf(name);
    if (expected !== undefined) {
      reading.report(labelPath, keyLine, `the label ${quote(name)}`, expected);
    } else if (COMMON_TARGET_LABELS.has(name)) {
      const rare = `a name that scrape targets rarely have: Prometheus may rename it to exported_${name}`;
      reading.warn(labelPath, keyLine, `the label ${quote(name)}`, rare);
    }
    // Prometheus treats an empty label as a missing one.
    const text = reading.text(labelPath, value, 'text that is not empty', (each) => each !== '');
    if (text !== undefined && expected === undefined) {
      labels.push([name, text]);
    }
  }
  return Object.fromEntries(labels);
}

/** Returns what is expected instead of an invalid name of a user-defined label, or undefined for a valid one. */
function expectedInsteadOf(name: string): string | undefined {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    return 'a label name: letters, digits, and _, not beginning with a digit';
  }
  if (METRIC_LABELS.has(name)) {
    return "a name that is not a label of the exporter's metrics";
  }
  return /^(?:job|instance|le|quantile|__.*|exported_.*)$/.test(name)
    ? 'a name that Prometheus does not reserve: job, instance, le, quantile, __*, and exported_* are reserved'
    : undefined;
}

/** Reads a mapping `monitorSelector`. By default, it selects all ACTIVE monitors. */
export function readMonitorSelector(node: ConfigNode, path: string, reading: Reading): MonitorSelector {
  const map = reading.map(path, node, 'a mapping with name, tags, or status');
  const section = readSection(map, path, MONITOR_SELECTOR, reading, ['tags']);
  const tags = map.entries.get('tags')?.value;
  return { kind: 'monitors', ...section.values, tags: readTags(tags, keyPath(path, 'tags'), reading) };
}

/** Reads tags. Keys are any strings, and values may be empty. */
function readTags(node: ConfigNode | undefined, path: string, reading: Reading): Readonly<Record<string, string>> {
  const { entries } = reading.map(path, node, 'a mapping of tag keys to values');
  const tags = [...entries].map(([key, { value }]) => {
    return [key, reading.text(keyPath(path, key), value, 'a tag value: text')] as const;
  });
  return Object.fromEntries(tags.flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}

/** Default of `timeout` unless `every` is shorter, in milliseconds. */
const USUAL_TIMEOUT_MS = 600_000;

/** Placeholder for a missing schedule, or for its invalid parts. */
export const STAND_IN_SCHEDULE: Schedule = {
  every: LONGEST_LOOKBACK_MS,
  lookback: LONGEST_LOOKBACK_MS,
  delay: 0,
  timeout: USUAL_TIMEOUT_MS,
};

/**
 * Reads a mapping `schedule`. Warns of gaps between windows, and of overlapping windows, which count flows twice. Overlaps are
 * fine for the `-data` type, because only the newest points of its results are exported.
 */
export function readSchedule(node: ConfigNode, path: string, type: QueryType, reading: Reading): Schedule {
  const map = reading.map(path, node, 'a mapping with every');
  const section = readSection(map, path, SCHEDULE, reading);
  if (section.written('every') === undefined && !section.faulty('every')) {
    reading.report(keyPath(path, 'every'), map.line, 'nothing', SCHEDULE.every.format.expected);
  }
  const every = section.values.every ?? STAND_IN_SCHEDULE.every;
  const lookback = section.values.lookback ?? Math.min(every, LONGEST_LOOKBACK_MS);
  const isGood = section.values.every !== undefined && !section.faulty('lookback');
  const writtenEvery = section.written('every');
  const writtenLookback = section.written('lookback');
  const isMeant = lookback === every || (lookback > every && type === DATA_TYPE);
  if (isGood && !isMeant && writtenEvery !== undefined) {
    const consequence = lookback < every ? 'windows leave gaps' : 'windows overlap';
    if (writtenLookback === undefined) {
      const expected = `at most ${formatDuration(LONGEST_LOOKBACK_MS)}, the longest lookback: otherwise, ${consequence}`;
      reading.warn(keyPath(path, 'every'), writtenEvery.line, showNode(writtenEvery), expected);
    } else {
      const expected = `${showNode(writtenEvery)}, the same as every: otherwise, ${consequence}`;
      reading.warn(keyPath(path, 'lookback'), writtenLookback.line, showNode(writtenLookback), expected);
    }
  }
  const { delay, timeout = Math.min(USUAL_TIMEOUT_MS, every) } = section.values;
  return { every, lookback, delay, timeout };
}

/**
 * Warns of unknown destination categories: the service may have added them since, or reject each start.
 * @param node the valid node at `path`
 */
export function warnOfUnknownCategories(
  selection: Selection<string> | undefined,
  path: string,
  node: ConfigNode | undefined,
  reading: Reading,
): void {
  for (const element of elementsOf(path, node, namedIn(selection))) {
    if (!KNOWN_CATEGORIES.some((known) => known === element.value)) {
      const written = element.node.kind === 'scalar' ? String(element.node.value) : '';
      const expected = `one of ${KNOWN_CATEGORIES.join(', ')}${didYouMean(written, KNOWN_CATEGORIES)}`;
      reading.warn(element.path, element.node.line, showNode(element.node), expected);
    }
  }
}
