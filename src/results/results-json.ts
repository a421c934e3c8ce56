import type { DataResults, RowResults } from './results.ts';
import type { BaseUnit, UnitConversion } from './units.ts';

/** The JSON of a run's results over HTTP, without their items. */
interface ResultsJson {
  /** Unit in the response; `null` without one. */
  readonly unit: string | null;
  /** Assumed unit of `value`; `null` if the response has a unit. */
  readonly assumedUnit: string | null;
  /** Unit of `baseValue`, as in the metrics. */
  readonly baseUnit: BaseUnit;
}

/** All rows of a run's results before merging and series limits, in the order of the response. */
export interface RowsJson extends ResultsJson {
  /** Each has all fields of the response, and `baseValue`, which is `null` for a row without `value`. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** All data points of a run's results, in the order of the response. Items with the same label are not added. */
export interface DatapointsJson extends ResultsJson {
  readonly datapoints: readonly {
    readonly label: string;
    /** RFC 3339. */
    readonly timestamps: readonly string[];
    /** As many as `timestamps` and `baseValues`. */
    readonly values: readonly number[];
    readonly baseValues: readonly number[];
  }[];
}

/** @throws InvalidResponse if a converted value is not a finite number */
export function rowsJson(results: RowResults, conversion: UnitConversion): RowsJson {
  return {
    ...unitsJson(results.unit, conversion),
    rows: results.rows.map(({ raw, value }) => ({
      ...raw,
      baseValue: value === undefined ? null : conversion.toBase(value),
    })),
  };
}

/** @throws InvalidResponse if a converted value is not a finite number */
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
  const { assumed, baseUnit } = conversion;
  return { unit: unit ?? null, assumedUnit: assumed ? conversion.unit : null, baseUnit };
}
