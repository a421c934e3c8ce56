import type { DataResults, RowResults } from './results.ts';
import type { BaseUnit, UnitConversion } from './units.ts';

/** What the results of a run look like over HTTP, beside their items. */
interface ResultsJson {
  /** As the service named it; `null` where it named none. */
  readonly unit: string | null;
  /** What `value` is taken to be in; the same as `unit` but where the service named none. */
  readonly assumedUnit: string | null;
  /** What `baseValue` is in, as in the metrics. */
  readonly baseUnit: BaseUnit;
}

/** All rows of a run's results, unmerged and uncapped, in the service's order. */
export interface RowsJson extends ResultsJson {
  /** Each with all fields as the service gave them, and `baseValue`: `null` for a row without `value`. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** All data points of a run's results, in the service's order; items of one label are not added. */
export interface DatapointsJson extends ResultsJson {
  readonly datapoints: readonly {
    readonly label: string;
    /** RFC 3339. */
    readonly timestamps: readonly string[];
    /** As many as `timestamps`, and as `baseValues`. */
    readonly values: readonly number[];
    readonly baseValues: readonly number[];
  }[];
}

/** @throws InvalidResponse when a value is beyond what a number can hold. */
export function rowsJson(results: RowResults, conversion: UnitConversion): RowsJson {
  return {
    ...unitsJson(results.unit, conversion),
    rows: results.rows.map(({ raw, value }) => ({
      ...raw,
      baseValue: value === undefined ? null : conversion.toBase(value),
    })),
  };
}

/** @throws InvalidResponse when a value is beyond what a number can hold. */
export function datapointsJson(results: DataResults, conversion: UnitConversion): DatapointsJson {
  return {
    ...unitsJson(results.unit, conversion),
    datapoints: results.datapoints.map(({ label, points }) => ({
      label,
      timestamps: points.map(({ at }) => new Date(at).toISOString()),
      values: points.map(({ value }) => value),
      baseValues: points.map(({ value }) => conversion.toBase(value)),
    })),
  };
}

function unitsJson(unit: string | undefined, conversion: UnitConversion): ResultsJson {
  return {
    unit: unit ?? null,
    assumedUnit: conversion.assumed ? conversion.unit : null,
    baseUnit: conversion.baseUnit,
  };
}
