import type { Config } from '../config/config.ts';
import type { ScheduledQuery } from '../model/query.ts';
import type { RowLabel } from '../model/vocabulary.ts';
import { withinBytes, worstRows } from './kept-rows.ts';
import { exportedLabelValue } from './label-value.ts';
import type { DatapointSeries, ResultRow } from './results.ts';
import type { UnitConversion } from './units.ts';

/** A series of a query's last results, from rows or data points. */
export interface ContributorSeries {
  /** Labels beside those of the query, in the order of the exposition, without empty values. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** In the metric's base unit. */
  readonly value: number;
}

/** Maximum number of bytes of the labels of a query's series. 500 rows with all labels usually use a quarter of it. */
const MOST_LABEL_BYTES = 2 * 1024 * 1024;

/** The series of a query's last results within the limit per query. */
interface LimitedSeries {
  /** In descending order of values, then by labels. No two series have the same labels. */
  readonly series: readonly ContributorSeries[];
  /** Number of series that the limits on number and size exclude. */
  readonly dropped: number;
  /** Number of these that the limit on the size of all labels excludes. */
  readonly tooLarge: number;
}

export interface MergeOptions
  extends Pick<ScheduledQuery, 'metricName' | 'limit'>,
    Pick<Config['contributors'], 'mirrorRows' | 'maxSeriesPerQuery'> {
  readonly conversion: UnitConversion;
  /** Selected labels: rows that are equal in these are one series. In the order of the exposition. */
  readonly labels: readonly RowLabel[];
}

export interface Contributors extends LimitedSeries {
  /** Rows in the response, including rows without a value and mirror rows. */
  readonly rows: number;
  /** Sum of all rows except mirror rows, in the metric's base unit. Undefined for round-trip times. */
  readonly total: number | undefined;
  /** Rows beyond the limit. They are part of `total`, and each counts as a dropped series. */
  readonly beyondLimit: number;
  readonly truncated: number;
}

/** A text that no exported label value contains. */
const SEPARATOR = '\ud800';

/**
 * Merges rows with equal selected labels to series: counts and bytes are added, and round-trip times have the maximum. Mirror
 * rows are never merged with others. Rows without a value are skipped.
 *
 * @throws InvalidResponse if a value or a sum is not a finite number
 */
export function mergeRows(rows: readonly ResultRow[], options: MergeOptions): Contributors {
  const { metricName, conversion, labels, mirrorRows, maxSeriesPerQuery, limit = rows.length } = options;
  const isSum = metricName !== 'ROUND_TRIP_TIME';
  const merged = new Map<string, ContributorSeries & { value: number }>();
  const kept = worstRows(rows, limit);
  let truncated = 0;
  const onCut = () => {
    truncated += 1;
  };
  for (const row of kept) {
    const { value, mirror } = row;
    if (value === undefined || (mirror && mirrorRows === 'drop')) {
      continue;
    }
    const pairs = labels.map((label) => [label, exportedLabelValue(row.labels[label] ?? '', onCut)] as const);
    const key = [mirror ? '1' : '0', ...pairs.map(([, text]) => text)].join(SEPARATOR);
    const same = merged.get(key);
    if (same === undefined) {
      const own = pairs.filter(([, text]) => text !== '');
      merged.set(key, { labels: mirror ? [['mirror', 'true'], ...own] : own, value });
    } else {
      same.value = isSum ? same.value + value : Math.max(same.value, value);
    }
  }
  // Sums of whole numbers stay exact in the unit of the response, and are converted once.
  for (const each of merged.values()) {
    each.value = conversion.toBase(each.value);
  }
  const capped = worstOf(merged, maxSeriesPerQuery);
  const sum = rows.reduce((all, { value = 0, mirror }) => all + (mirror ? 0 : value), 0);
  const beyondLimit = rows.length - kept.length;
  return {
    ...capped,
    dropped: capped.dropped + beyondLimit,
    rows: rows.length,
    total: isSum ? conversion.toBase(sum) : undefined,
    beyondLimit,
    truncated,
  };
}

export interface NewestDatapoints extends LimitedSeries {
  readonly rows: number;
  /** Time of the newest point of all series, in milliseconds since the epoch. Undefined without points. */
  readonly newestAt: number | undefined;
  /** Shortest step between points, in milliseconds. Undefined for fewer than two times. */
  readonly step: number | undefined;
  readonly truncated: number;
}

/** Returns the newest point of each label. @throws InvalidResponse if a value or a sum is not a finite number */
export function newestDatapoints(
  datapoints: readonly DatapointSeries[],
  conversion: UnitConversion,
  maxSeriesPerQuery: number,
): NewestDatapoints {
  const sums = new Map<string, Map<number, number>>();
  let truncated = 0;
  const onCut = () => {
    truncated += 1;
  };
  for (const { label, points } of datapoints) {
    const exported = exportedLabelValue(label, onCut);
    const byTime = sums.get(exported) ?? new Map<number, number>();
    sums.set(exported, byTime);
    for (const { at, value } of points) {
      byTime.set(at, (byTime.get(at) ?? 0) + value);
    }
  }
  const newest = new Map<string, ContributorSeries>();
  for (const [label, byTime] of sums) {
    const [point] = [...byTime].sort(([a], [b]) => b - a);
    if (point !== undefined) {
      newest.set(label, { labels: label === '' ? [] : [['series', label]], value: conversion.toBase(point[1]) });
    }
  }
  const times = [...new Set([...sums.values()].flatMap((byTime) => [...byTime.keys()]))].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, i) => time - (times[i] ?? time));
  const step = steps.length === 0 ? undefined : steps.reduce((a, b) => Math.min(a, b));
  return { ...worstOf(newest, maxSeriesPerQuery), rows: datapoints.length, newestAt: times.at(-1), step, truncated };
}

/** Returns the `max` series with the highest values. Equal values are ordered by the texts that identify the labels. */
function worstOf(byLabels: ReadonlyMap<string, ContributorSeries>, max: number): LimitedSeries {
  const worst = [...byLabels]
    .sort(([aLabels, a], [bLabels, b]) => b.value - a.value || (aLabels < bLabels ? -1 : 1))
    .slice(0, max)
    .map(([, each]) => each);
  const series = withinBytes(MOST_LABEL_BYTES, worst, ({ labels }) =>
    labels.reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0),
  );
  return { series, dropped: byLabels.size - series.length, tooLarge: worst.length - series.length };
}
