import type { DataResults, RowResults } from '../../results/results.ts';
import type { BaseUnit } from '../../results/units.ts';
import type { QueryRequest } from './query-flags.ts';

/** A query that has succeeded, with its results. */
export interface FinishedQuery {
  readonly request: QueryRequest;
  readonly region: string;
  readonly queryId: string;
  readonly results: RowResults | DataResults;
}

/** How to show the values of a response. */
export interface ShownValues {
  /** Undefined if unknown: values are shown without conversion. */
  readonly unit: BaseUnit | undefined;
  /** Converts a value of the response to the unit. */
  toBase(value: number): number;
}
