import { LONGEST_LOOKBACK_MS } from '../../model/query.ts';
import {
  KNOWN_CATEGORIES,
  METRIC_NAMES,
  type MetricName,
  MIRROR_ROWS,
  type MirrorRows,
  MONITOR_STATUSES,
  type MonitorStatus,
  ROUND_TRIP_TIME_UNITS,
  ROW_LABELS,
  type RoundTripTimeUnit,
  type RowLabel,
} from '../../model/vocabulary.ts';
import { parseDuration } from '../reading/duration.ts';
import {
  decimal,
  type Format,
  listOf,
  oneOf,
  positiveDuration,
  type Selection,
  selection,
  single,
  text,
  wordOf,
} from '../reading/formats.ts';

export const metricSelection: Format<Selection<MetricName>> = selection(
  `one of ${METRIC_NAMES.join(', ')}, a list of them, or "*" for all of the type`,
  wordOf(METRIC_NAMES),
);

const CATEGORY = 'a destination category such as INTER_AZ';

/** Categories have the form of the API's; those that are not known are taken, too, since the service gains others. */
export const categorySelection: Format<Selection<string>> = selection(
  `${CATEGORY}, a list of them, or "*" for all of the API's model`,
  { ...text(CATEGORY, (value) => /^[A-Z][A-Z0-9_]{0,63}$/.test(value)), words: KNOWN_CATEGORIES },
);

/** Rows of a result: the limits of the API's model. */
export const limit: Format<number> = single('a whole number from 1 to 500', (value) => {
  const number = decimal(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 1 && number <= 500 ? number : undefined;
});

const LEAST_EVERY_MS = 60_000;

/** Time from window to window; in milliseconds once parsed. */
export const every: Format<number> = single('a duration of at least 1m, such as 15m', (value) => {
  const ms = positiveDuration(value);
  return ms !== undefined && ms >= LEAST_EVERY_MS ? ms : undefined;
});

/** Length of a window; in milliseconds once parsed. */
export const lookback: Format<number> = single('a duration above zero and at most 1h, such as 15m', (value) => {
  const ms = positiveDuration(value);
  return ms !== undefined && ms <= LONGEST_LOOKBACK_MS ? ms : undefined;
});

/** A duration that may be zero; in milliseconds once parsed. */
export const durationOrZero: Format<number> = single('a duration, such as 2m or 0s', (value) =>
  typeof value === 'string' ? parseDuration(value) : undefined,
);

/** A pattern for monitors' names, of the characters that these may have. */
export const monitorGlob: Format<string> = text(
  'a pattern for names of monitors, such as prod-*: characters of A-Z a-z 0-9 _ . - and * ?',
  (value) => /^[A-Za-z0-9_.*?-]{1,255}$/.test(value),
);

export const monitorStatuses: Format<readonly MonitorStatus[]> = listOf(wordOf(MONITOR_STATUSES));

export const mirrorRows: Format<MirrorRows> = oneOf(MIRROR_ROWS);

export const roundTripTimeUnit: Format<RoundTripTimeUnit> = oneOf(ROUND_TRIP_TIME_UNITS);

export const rowLabels: Format<readonly RowLabel[]> = listOf(wordOf(ROW_LABELS));
