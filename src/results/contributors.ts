import type { MetricName, RowLabel } from '../model/vocabulary.ts';
import { type ContributorSeries, type LimitedSeries, worstOf } from './contributor-series.ts';
import { worstRows } from './kept-rows.ts';
import { exportedLabelValue } from './label-value.ts';
import type { ResultRow } from './results.ts';
import type { UnitConversion } from './units.ts';

export interface MergeOptions {
  readonly metricName: MetricName;
  readonly conversion: UnitConversion;
  /** Selected labels: rows that are equal in these are one series. In the order of the exposition. */
  readonly labels: readonly RowLabel[];
  /** `drop`: mirror rows have no series. */
  readonly mirrorRows: 'keep' | 'drop';
  readonly maxSeriesPerQuery: number;
  /** Number of rows with series, the highest values first. Undefined: all rows. */
  readonly limit: number | undefined;
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

interface Merged {
  readonly labels: ContributorSeries['labels'];
  /** In the unit of the response: sums of whole numbers stay exact, and are converted once. */
  value: number;
}

/**
 * Merges rows with equal selected labels to series: counts and bytes are added, and round-trip times have the maximum. Mirror
 * rows are never merged with others. Rows without a value are skipped.
 *
 * @throws InvalidResponse if a value or a sum is not a finite number
 */
export function mergeRows(rows: readonly ResultRow[], options: MergeOptions): Contributors {
  const { metricName, conversion, labels, mirrorRows, maxSeriesPerQuery, limit = rows.length } = options;
  const isSum = metricName !== 'ROUND_TRIP_TIME';
  const merged = new Map<string, Merged>();
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
    const values = labels.map((label) => exportedLabelValue(row.labels[label] ?? '', onCut));
    const key = [mirror ? '1' : '0', ...values].join(SEPARATOR);
    const same = merged.get(key);
    if (same === undefined) {
      merged.set(key, { labels: seriesLabels(mirror, labels, values), value });
    } else {
      same.value = isSum ? same.value + value : Math.max(same.value, value);
    }
  }
  const series = new Map<string, ContributorSeries>();
  for (const [key, { labels: own, value }] of merged) {
    series.set(key, { labels: own, value: conversion.toBase(value) });
  }
  const capped = worstOf(series, maxSeriesPerQuery);
  const beyondLimit = rows.length - kept.length;
  return {
    ...capped,
    dropped: capped.dropped + beyondLimit,
    rows: rows.length,
    total: isSum ? conversion.toBase(sumOf(rows)) : undefined,
    beyondLimit,
    truncated,
  };
}

function sumOf(rows: readonly ResultRow[]): number {
  return rows.reduce((sum, { value = 0, mirror }) => (mirror ? sum : sum + value), 0);
}

function seriesLabels(
  mirror: boolean,
  names: readonly RowLabel[],
  values: readonly string[],
): ContributorSeries['labels'] {
  const labels: (readonly [string, string])[] = mirror ? [['mirror', 'true']] : [];
  for (const [i, name] of names.entries()) {
    const value = values[i];
    if (value !== undefined && value !== '') {
      labels.push([name, value]);
    }
  }
  return labels;
}
