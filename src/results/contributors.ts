import type { MetricName, RowLabel } from '../model/vocabulary.ts';
import { type CappedSeries, type ContributorSeries, worstOf } from './contributor-series.ts';
import { worstRows } from './kept-rows.ts';
import { exportedLabelValue } from './label-value.ts';
import type { ResultRow } from './results.ts';
import type { UnitConversion } from './units.ts';

export interface MergeOptions {
  readonly metricName: MetricName;
  readonly conversion: UnitConversion;
  /** Rows that are equal in these are one series. In the order of the exposition. */
  readonly labels: readonly RowLabel[];
  /** `drop`: mirror rows make no series. */
  readonly mirrorRows: 'keep' | 'drop';
  readonly maxSeriesPerQuery: number;
  /** So many rows make series, the worst; undefined: all. */
  readonly limit: number | undefined;
}

/** What a run's rows come to. */
export interface Contributors extends CappedSeries {
  /** Rows in the answer, those without a value and mirrors included. */
  readonly rows: number;
  /**
   * Sum over all rows before merging and capping, mirrors left out, in the metric's base unit; undefined for round-trip
   * times, whose sum means nothing.
   */
  readonly total: number | undefined;
  /** Rows beyond the limit: they are part of `total`, and each counts as a series that was dropped. */
  readonly beyondLimit: number;
  /** Values of labels that were too long, and cut. */
  readonly truncated: number;
}

/** No label's value holds it, once that is fit for export. */
const SEPARATOR = '\ud800';

interface Merged {
  readonly labels: ContributorSeries['labels'];
  /** In the answer's unit: sums of whole numbers stay exact, and are converted once. */
  value: number;
}

/**
 * Makes series of rows: those that fall together under the chosen labels are one, counts and bytes added, of round-trip
 * times the maximum. Mirror rows are never merged with others. Rows without a value are skipped.
 *
 * @throws InvalidResponse when a value or a sum is beyond what a number can hold.
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
