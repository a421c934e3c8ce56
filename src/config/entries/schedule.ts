import { LONGEST_LOOKBACK_MS, type Schedule } from '../../model/query.ts';
import { DATA_TYPE, type QueryType } from '../../model/vocabulary.ts';
import { type ConfigNode, isNull, keyPath, showNode } from '../reading/config-node.ts';
import { formatDuration } from '../reading/duration.ts';
import type { Reading } from '../reading/reading.ts';
import { readSection } from '../reading/section.ts';
import { SCHEDULE } from './query-schema.ts';

/** `timeout` where the file gives none and `every` is no less; in milliseconds. */
const USUAL_TIMEOUT_MS = 600_000;

/** Stands in for a schedule that is missing, or parts of one that were reported. */
export const STAND_IN_SCHEDULE: Schedule = {
  every: LONGEST_LOOKBACK_MS,
  lookback: LONGEST_LOOKBACK_MS,
  delay: 0,
  timeout: USUAL_TIMEOUT_MS,
};

/**
 * Reads a mapping `schedule`; windows that leave gaps are a warning. So are windows that overlap, which count flows twice,
 * but not for the `-data` type, of whose results only the newest points are exported.
 */
export function readSchedule(node: ConfigNode, path: string, type: QueryType, reading: Reading): Schedule {
  const map = reading.map(path, node, 'a mapping with every');
  const section = readSection(map, path, SCHEDULE, reading);
  if (section.written('every') === undefined && (node.kind === 'map' || isNull(node))) {
    reading.report(keyPath(path, 'every'), map.line, 'nothing', SCHEDULE.every.format.expected);
  }
  const every = section.value('every') ?? STAND_IN_SCHEDULE.every;
  const lookback = section.value('lookback') ?? Math.min(every, LONGEST_LOOKBACK_MS);
  const isGood = section.value('every') !== undefined && !section.faulty('lookback');
  const writtenEvery = section.written('every');
  const writtenLookback = section.written('lookback');
  const isMeant = lookback === every || (lookback > every && type === DATA_TYPE);
  if (isGood && !isMeant && writtenEvery !== undefined) {
    const consequence = lookback < every ? 'windows leave gaps' : 'windows overlap';
    if (writtenLookback === undefined) {
      const expected = `at most ${formatDuration(LONGEST_LOOKBACK_MS)}, the longest lookback: else ${consequence}`;
      reading.warn(keyPath(path, 'every'), writtenEvery.line, showNode(writtenEvery), expected);
    } else {
      const expected = `${showNode(writtenEvery)}, as every: else ${consequence}`;
      reading.warn(keyPath(path, 'lookback'), writtenLookback.line, showNode(writtenLookback), expected);
    }
  }
  return {
    every,
    lookback,
    delay: section.value('delay'),
    timeout: section.value('timeout') ?? Math.min(USUAL_TIMEOUT_MS, every),
  };
}
