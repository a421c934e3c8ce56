import { describe, expect, it } from 'vitest';
import { Exposition } from '../../src/metrics/exposition.ts';
import { MonitorSections, type QueryMonitorBytes, type ReadTargetView } from '../../src/metrics/monitor-sections.ts';
import { MONITOR_METRICS } from '../../src/model/vocabulary.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import type { MonitorState } from '../../src/state/monitor-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { exposedMonitor } from './exposed-monitors.ts';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

function monitorState(changes: Partial<MonitorState> = {}): MonitorState {
  const condition = { degraded: false, since: 0 };
  return exposedMonitor({ roundTripTime: [NOW, 0.25], condition, newestEnd: NOW, healthEnd: NOW, ...changes });
}

/** Monitors of one target, which can be changed, and their page. */
function setUp(monitor = monitorState(), roundTripTimeLimit?: number) {
  const target = new Targets(new FakeClock()).add('default', 'eu-west-1', {
    requestsPerSecond: 5,
    maxConcurrentRequests: 8,
  });
  const views = new Map<Target, ReadTargetView>();
  const bytes: QueryMonitorBytes[] = [];
  const sections = new MonitorSections({ views: () => views, queryBytes: () => bytes });
  let now = NOW;
  const exposition = new Exposition(sections.sections(), async () => sections.refresh(now));
  const show = (shown: MonitorState, view: Partial<ReadTargetView> = {}) =>
    views.set(target, {
      metrics: MONITOR_METRICS,
      sumsInterval: 5 * MINUTE,
      isLimited: false,
      counts: { requested: 6, missed: 7 },
      monitors: [{ name: 'checkout', monitor: shown, roundTripTimeLimit }],
      ...view,
    });
  show(monitor);
  return {
    sections,
    target,
    views,
    bytes,
    show,
    /** Returns the samples of a scrape by family, some milliseconds after the first. */
    async samples(after = 0): Promise<Readonly<Record<string, number>>> {
      now = NOW + after;
      const page = Buffer.concat(await exposition.scrape({ format: 'text', gzip: false, groups: undefined }));
      const lines = page.toString().split('\n');
      return Object.fromEntries(
        lines
          .filter((line) => line !== '' && !line.startsWith('#'))
          .map((line) => [line.replace(/\{.*/, ''), Number(line.slice(line.lastIndexOf(' ') + 1))]),
      );
    },
  };
}

describe('the series of a monitor', () => {
  it('are removed with its target', async () => {
    const { views, samples } = setUp();
    expect(await samples()).toMatchObject({ aws_nfm_monitor_timeouts_total: 4 });
    views.clear();
    expect(await samples()).toEqual({});
  });

  it('show a change once it is marked', async () => {
    const { sections, target, show, samples } = setUp();
    await samples();
    show(monitorState({ condition: { degraded: true, since: NOW } }));
    expect(await samples()).toMatchObject({ aws_nfm_monitor_health_degraded: 0 });
    sections.changed(target);
    expect(await samples()).toMatchObject({ aws_nfm_monitor_health_degraded: 1 });
  });

  it.each([
    ['aws_nfm_monitor_health_degraded', 15 * MINUTE, { roundTripTime: undefined }],
    ['aws_nfm_monitor_round_trip_time_seconds', 26 * MINUTE, { healthEnd: undefined }],
  ])('include %s until it is too old', async (family, validMs, changes) => {
    const { samples } = setUp(monitorState(changes));
    expect(await samples()).toHaveProperty(family);
    expect(await samples(validMs)).toHaveProperty(family);
    expect(await samples(validMs + 1)).not.toHaveProperty(family);
    expect(await samples(0)).toHaveProperty(family);
  });

  it('omit the condition and the round-trip time before the first period', async () => {
    const { samples } = setUp(
      monitorState({ condition: undefined, healthEnd: undefined, roundTripTime: undefined, newestEnd: undefined }),
    );
    const shown = Object.keys(await samples());
    expect(shown).toContain('aws_nfm_monitor_timeouts_total');
    expect(shown).not.toContain('aws_nfm_monitor_health_degraded');
    expect(shown).not.toContain('aws_nfm_monitor_round_trip_time_seconds');
    expect(shown).not.toContain('aws_nfm_monitor_metrics_timestamp_seconds');
  });

  it('include the seconds above a limit of round-trip times only with a limit', async () => {
    const families = [
      'aws_nfm_monitor_round_trip_time_above_limit_seconds_total',
      'aws_nfm_monitor_round_trip_time_observed_seconds_total',
      'aws_nfm_monitor_round_trip_time_limit_seconds',
    ];
    const without = await setUp().samples();
    expect(Object.keys(without)).not.toEqual(expect.arrayContaining([expect.stringContaining('limit_seconds')]));
    const limited = await setUp(monitorState(), 0.5).samples();
    expect(Object.keys(limited)).toEqual(expect.arrayContaining(families));
  });

  it('are only of the metrics that are read', async () => {
    const { show, samples } = setUp();
    show(monitorState(), { metrics: ['Timeouts'], isLimited: true });
    expect(await samples()).toEqual({
      aws_nfm_monitor_timeouts_total: 4,
      aws_nfm_monitor_metrics_timestamp_seconds: NOW / 1_000,
      aws_nfm_cloudwatch_metrics_requested_total: 6,
      aws_nfm_cloudwatch_periods_missed_total: 7,
      aws_nfm_cloudwatch_limited: 1,
    });
  });
});

describe('the bytes of a query', () => {
  it('are shown while they are known', async () => {
    const { bytes, samples } = setUp();
    const family = 'aws_nfm_query_monitor_data_transferred_bytes';
    expect(await samples()).not.toHaveProperty(family);
    bytes.push({ query: 'q', bytes: 8 });
    expect(await samples()).toHaveProperty(family, 8);
    bytes.splice(0, 1, { query: 'q', bytes: 9 });
    expect(await samples()).toHaveProperty(family, 9);
    bytes.splice(0);
    expect(await samples()).not.toHaveProperty(family);
  });
});
