import { type ContributorSeries, type LimitedSeries, worstOf } from './contributor-series.ts';
import { exportedLabelValue } from './label-value.ts';
import type { DatapointSeries } from './results.ts';
import type { UnitConversion } from './units.ts';

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
