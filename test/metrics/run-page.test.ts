import { expect, it } from 'vitest';
import { Emitter } from '../../src/lib/emitter.ts';
import { RunPage } from '../../src/metrics/run-page.ts';
import { isScheduled, type Registration, type ScheduledQuery } from '../../src/model/query.ts';
import { KeptJson } from '../../src/results/kept-json.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { pageOf } from './page-of.ts';

/** A query whose results have three rows and series, with a limit of two series. */
async function setUp(changes: Partial<ScheduledQuery> = {}) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const states = new RunStates({ clock, log, changed: new Emitter(log, 'change of a query') });
  const runs = new RunPage(states, 2);
  states.newResults.on((registration, series) => runs.resultsRead(registration, series));
  const registration: Registration = handleOf(scheduledQuery({ name: 'q', ...changes }));
  if (!isScheduled(registration)) {
    throw new Error('not scheduled');
  }
  states.register(registration);
  runs.changed(registration, ['registered']);
  const results = { at: clock.now(), windowEnd: clock.now(), length: 900_000, rows: 3, dropped: 4 };
  const series = [3, 2, 1].map((value) => ({ labels: [['remote_ip', `10.0.0.${value}`]] as const, value }));
  states.resultsRead(registration, { ...results, json: await KeptJson.of({}) }, series, 0);
  const page = pageOf(runs.sections(), () => runs.refresh(clock.monotonic()));
  const sampleOf = async (name: string) => new RegExp(`^${name}\\{query="q"\\} (.*)$`, 'm').exec(await page())?.[1];
  return { runs, page, sampleOf };
}

it('applies a changed limit of contributor series at the next scrape', async () => {
  const { runs, page } = await setUp();
  const shown = async () => (await page()).split('\n').filter((line) => line.includes('remote_ip=')).length;
  expect([await shown(), runs.limit.exported]).toEqual([2, 2]);
  runs.limit.setLimit(1);
  expect([await shown(), runs.limit.exported]).toEqual([1, 1]);
  runs.limit.setLimit(3);
  expect([await shown(), runs.limit.exported]).toEqual([3, 3]);
});

it('counts the series that the limit of contributor series leaves out as dropped', async () => {
  const { runs, sampleOf } = await setUp();
  const dropped = () => sampleOf('aws_nfm_query_contributors_dropped');
  expect(await dropped()).toBe('5');
  runs.limit.setLimit(1);
  expect(await dropped()).toBe('6');
  runs.limit.setLimit(3);
  expect(await dropped()).toBe('4');
});

it.each([
  { limit: 3, truncated: '1' },
  { limit: 4, truncated: '0' },
  { limit: undefined, truncated: undefined },
])('shows $truncated for truncated results of three rows with a limit of $limit', async ({ limit, truncated }) => {
  const { sampleOf } = await setUp({ limit });
  expect(await sampleOf('aws_nfm_query_results_truncated')).toBe(truncated);
});
