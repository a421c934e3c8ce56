import { LONGEST_LOOKBACK_MS } from '../model/query.ts';
import { MONITOR_METRICS, type MonitorMetric } from '../model/vocabulary.ts';
import { type Format, type Selection, selection, single, wordOf } from './reading/formats.ts';
import { parseDuration } from './reading/texts.ts';

export const monitorMetrics: Format<Selection<MonitorMetric>> = selection(
  `one of ${MONITOR_METRICS.join(', ')}, a list of them, or "*" for all`,
  wordOf(MONITOR_METRICS),
);

const MINUTE_MS = 60_000;

/** A duration of CloudWatch's one-minute periods, parsed to milliseconds. */
export const minutes: Format<number> = single(
  'a duration of whole minutes, from 1m to 1h (for example, 5m)',
  (value) => {
    const ms = typeof value === 'string' ? parseDuration(value) : undefined;
    return ms !== undefined && ms > 0 && ms <= LONGEST_LOOKBACK_MS && ms % MINUTE_MS === 0 ? ms : undefined;
  },
);
