import { isHealth, MONITOR_METRICS } from '../model/vocabulary.ts';
import type { CloudwatchSettings, MonitorSelector } from './config.ts';
import { readMonitorSelector } from './entries/mappings.ts';
import { type ConfigNode, isNull, keyPath, showNode } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';
import { readSection, type Section } from './reading/section.ts';
import { formatDuration, parseDuration } from './reading/texts.ts';
import { CLOUDWATCH, type CloudwatchKeys } from './schema.ts';

/** A mapping `cloudwatch` of the file: at the top level, or of an account. */
export interface CloudwatchSection {
  /** `cloudwatch`, or `accounts[0].cloudwatch`. */
  readonly path: string;
  readonly line: number;
  readonly section: Section<CloudwatchKeys>;
  /** Undefined if it is missing. */
  readonly monitors: MonitorSelector | undefined;
  /** Undefined if it is missing. */
  readonly roundTripTimeLimits: CloudwatchSettings['roundTripTimeLimits'] | undefined;
}

const ALL_MONITORS: MonitorSelector = { kind: 'monitors', name: '*', tags: {}, status: ['ACTIVE'] };

const LIMITS = 'roundTripTimeLimits';
const MAPPING = 'a mapping of keys to values; {} for all defaults';

/** Reads a mapping `cloudwatch`. An empty value is an error, because the section costs money. */
export function readCloudwatch(
  node: ConfigNode | undefined,
  path: string,
  reading: Reading,
): CloudwatchSection | undefined {
  if (node === undefined) {
    return undefined;
  }
  if (isNull(node)) {
    reading.reject(path, node, MAPPING);
    return undefined;
  }
  const map = reading.map(path, node, MAPPING);
  const monitors = map.entries.get('monitors')?.value;
  const limits = map.entries.get(LIMITS)?.value;
  return {
    path,
    line: node.line,
    section: readSection(map, path, CLOUDWATCH, reading, ['monitors', LIMITS]),
    monitors: monitors && readMonitorSelector(monitors, keyPath(path, 'monitors'), reading),
    roundTripTimeLimits: limits && readLimits(limits, keyPath(path, LIMITS), reading),
  };
}

function readLimits(node: ConfigNode, path: string, reading: Reading): CloudwatchSettings['roundTripTimeLimits'] {
  const map = reading.map(path, node, 'a mapping of patterns of monitor names to durations');
  return [...map.entries].flatMap(([pattern, { value }]) => {
    const limit = value.kind === 'scalar' ? parseDuration(String(value.value)) : undefined;
    if (limit === undefined || limit === 0) {
      reading.reject(keyPath(path, pattern), value, 'a duration above zero (for example, 5ms)');
      return [];
    }
    return [[pattern, limit] as const];
  });
}

/** Points are added and corrected for this long after their minute, in milliseconds. */
const LATE_MS = 600_000;

/**
 * Returns the settings of several sections, the nearest first: the first written value of each key, or its default. Undefined
 * if there is no section. Reports a `lookback` that leaves gaps between reads, and warns of one that misses late points, at the
 * keys of the nearest section only.
 */
export function settleCloudwatch(
  sections: readonly CloudwatchSection[],
  reading: Reading,
): CloudwatchSettings | undefined {
  const [nearest] = sections;
  if (nearest === undefined) {
    return undefined;
  }
  const settled = <Key extends keyof CloudwatchKeys>(key: Key): CloudwatchKeys[Key] => {
    const written = sections.find(({ section }) => section.written(key) !== undefined) ?? nearest;
    return written.section.values[key];
  };
  const selected = settled('metrics');
  const settings: CloudwatchSettings = {
    metrics: selected === 'all' ? MONITOR_METRICS : selected.values,
    interval: settled('interval'),
    sumsInterval: settled('sumsInterval'),
    delay: settled('delay'),
    lookback: settled('lookback'),
    monitors: sections.find(({ monitors }) => monitors !== undefined)?.monitors ?? ALL_MONITORS,
    roundTripTimeLimits: sections.find((each) => each.roundTripTimeLimits !== undefined)?.roundTripTimeLimits ?? [],
    endpoint: settled('endpoint'),
    requestsPerSecond: settled('requestsPerSecond'),
    maxMetricsPerDay: settled('maxMetricsPerDay'),
  };
  const areMetricsFaulty = sections.some(({ section }) => section.faulty('metrics'));
  if (settings.roundTripTimeLimits.length > 0 && !settings.metrics.includes('RoundTripTime') && !areMetricsFaulty) {
    const expected = 'metrics with RoundTripTime: otherwise, limits of round-trip times have no effect';
    const written = nearest.section.written('metrics');
    reading.rejectOrDefault(keyPath(nearest.path, 'metrics'), written, nearest.line, expected);
  }
  checkLookback(settings, nearest, reading);
  return settings;
}

function checkLookback(settings: CloudwatchSettings, { path, section }: CloudwatchSection, reading: Reading): void {
  const { metrics, lookback } = settings;
  const longest = Math.max(...metrics.map((metric) => (isHealth(metric) ? settings.interval : settings.sumsInterval)));
  const key = (['lookback', 'sumsInterval', 'interval', 'metrics'] as const).find((each) => section.written(each));
  const node = key && section.written(key);
  if (key === undefined || node === undefined || section.faulty(key)) {
    return;
  }
  if (lookback < longest) {
    const expected = `a lookback of at least ${formatDuration(longest)}, the longest interval: otherwise, points are missed`;
    reading.reject(keyPath(path, key), node, expected);
  } else if (lookback < longest + LATE_MS) {
    const least = formatDuration(longest + LATE_MS);
    const expected = `a lookback of at least ${least}, 10m more than the longest interval: otherwise, late points are missed`;
    reading.warn(keyPath(path, key), node.line, showNode(node), expected);
  }
}
