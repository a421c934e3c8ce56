import { ROW_LABELS } from '../../model/vocabulary.ts';
import { type Delimited, delimitedLine, plainNumber } from '../../results/delimited.ts';
import type { FinishedQuery, ShownValues } from './finished-query.ts';
import { sortedRows, summedSeries } from './results-table.ts';

/** Columns of each line, before those of the contributor or the series. */
const COMMON = ['value', 'unit', 'metric_name', 'window_start', 'window_end'];

/**
 * Returns results as CSV or TSV: contributors with the largest value first, or the points of each series by time. The columns
 * are always the same, with plain numbers in the base unit. Unknown values are empty.
 */
export function delimitedResults(
  query: FinishedQuery,
  values: ShownValues,
  format: Delimited,
  { header }: { readonly header: boolean },
): string {
  const { request, results } = query;
  const window = request.command === 'run' ? [request.window.start, request.window.end].map(timeText) : ['', ''];
  const common = [values.unit ?? '', request.metricName ?? '', ...window];
  const amount = (value: number | undefined) => (value === undefined ? '' : plainNumber(value));
  const lines =
    'rows' in results
      ? [
          [...COMMON, ...ROW_LABELS],
          ...sortedRows(results.rows, values).map(({ row, value }) => [
            amount(value),
            ...common,
            ...ROW_LABELS.map((label) => row.labels[label] ?? ''),
          ]),
        ]
      : [
          [...COMMON, 'time', 'series'],
          ...summedSeries(results, values).flatMap(({ label, points }) =>
            points.map(({ at, value }) => [amount(value), ...common, timeText(at), label]),
          ),
        ];
  return (header ? lines : lines.slice(1)).map((cells) => delimitedLine(cells, format)).join('');
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
