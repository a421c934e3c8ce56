import type { Scenario } from 'network-flow-monitor-simulator';
import { METRIC_NAMES } from '../src/model/vocabulary.ts';
import { REGION } from './watched-queries.ts';

const HOUR_MS = 3_600_000;
/** Due times are spread over so much after the end of a window, at most. */
const LARGEST_OFFSET_MS = 300_000;

/** Which queries have new windows. Windows of the ones before end whenever those of the ones after do. */
export const CHANGES = ['one', 'hundredth', 'all'] as const;
export type Change = (typeof CHANGES)[number];

/** Hours from window to window of the queries that change alone, with a hundredth, and with all. */
const EVERY_HOURS: Readonly<Record<Change, number>> = { one: 1, hundredth: 24, all: 720 };

/** How many of `queries` a change concerns. */
export function changing(change: Change, queries: number): number {
  return { one: 1, hundredth: Math.ceil(queries / 100), all: queries }[change];
}

/**
 * Where the daemon's wall clock, in milliseconds since the epoch, has to go from `now` for the next window of `change` to
 * be due. For the smaller changes it may go on so some twenty times after `all`, until a larger one is due with them.
 */
export function nextWallClock(now: number, change: Change): number {
  const every = EVERY_HOURS[change] * HOUR_MS;
  return (Math.floor(now / every) + 1) * every + LARGEST_OFFSET_MS;
}

/** The `i`-th scheduled query, from 0, as an entry of a config file. */
export function scheduledEntry(i: number, queries: number, rows: number): object {
  const change = CHANGES.find((each) => i < changing(each, queries)) ?? 'all';
  return {
    name: `contributors-${monitorOf(i)}-${i}`,
    monitorName: monitorOf(i),
    metricName: METRIC_NAMES[i % METRIC_NAMES.length],
    destinationCategory: 'INTER_AZ',
    limit: rows,
    schedule: { every: `${EVERY_HOURS[change]}h`, delay: '0s' },
  };
}

/** The simulator of the queries: each ends a number of milliseconds after its start, with a number of rows. */
export function scheduledScenario(queries: number, rows: number, runningFor: number): Partial<Scenario> {
  const names = new Set(Array.from({ length: queries }, (_, i) => monitorOf(i)));
  const monitors = Array.from(names, (name) => ({ name, status: 'ACTIVE' as const, tags: new Map<string, string>() }));
  const account = { id: '123456789012', credentials: [], roles: [], regions: new Map([[REGION, { monitors }]]) };
  return { accounts: [account], startedQueries: [{ match: {}, queuedFor: 0, runningFor, rows }] };
}

function monitorOf(i: number): string {
  return `checkout-production-${Math.floor(i / METRIC_NAMES.length)}`;
}
