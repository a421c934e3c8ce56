import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { Exposition } from '../../src/metrics/exposition.ts';
import { processSections } from '../../src/metrics/process-sections.ts';
import { readPage } from './page-grammar.ts';

function setUp() {
  const { sections, refresh } = processSections();
  const exposition = new Exposition(sections, refresh);
  const scrape = async (format: 'text' | 'openmetrics' = 'text') =>
    readPage(Buffer.concat(await exposition.scrape({ format, gzip: false, groups: new Set(['process']) })), format);
  return { scrape };
}

/** Families of which the page has samples. */
function known(families: ReturnType<typeof readPage>): string[] {
  return families.filter(({ samples }) => samples.length > 0).map(({ name }) => name);
}

const EVENT_LOOP_DELAY = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (statistic) => `nodejs_eventloop_lag_${statistic}_seconds`,
);

describe('processSections', () => {
  it('returns the metrics of prom-client except those that promtool rejects', async () => {
    const { scrape } = setUp();
    const families = await scrape();
    const names = families.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_start_time_seconds',
        'process_open_fds',
        'nodejs_heap_size_used_bytes',
        'nodejs_version_info',
        'nodejs_gc_duration_seconds',
        'nodejs_eventloop_lag_seconds',
        ...EVENT_LOOP_DELAY,
      ]),
    );
    expect(names.filter((name) => /nodejs_active/.test(name))).toEqual([]);
    expect(
      families.filter(({ help }) => /["\\\n]/.test(help)),
      'HELP is not escaped',
    ).toEqual([]);
    const rss = families.find(({ name }) => name === 'process_resident_memory_bytes')?.samples[0]?.value ?? 0;
    expect(rss).toBeGreaterThan(process.memoryUsage.rss() / 4);
    expect(rss).toBeLessThan(process.memoryUsage.rss() * 4);
  });

  it('returns the same metrics in OpenMetrics', async () => {
    const { scrape } = setUp();
    const text = await scrape();
    const openmetrics = await scrape('openmetrics');
    expect(openmetrics.map(({ type }) => type)).toEqual(text.map(({ type }) => type));
    expect(openmetrics.map(({ name }) => name)).toContain('process_cpu_seconds');
  });

  it('returns the event loop lag families without samples before the first measurement', async () => {
    const { scrape } = setUp();
    const first = await scrape();
    expect(first.map(({ name }) => name)).toEqual(expect.arrayContaining(EVENT_LOOP_DELAY));
    expect(known(first).filter((name) => name.startsWith('nodejs_eventloop_lag'))).toEqual([]);
    await wait(50);
    const later = await scrape();
    expect(known(later)).toEqual(expect.arrayContaining(['nodejs_eventloop_lag_seconds', ...EVENT_LOOP_DELAY]));
    for (const { name, samples } of later) {
      if (name.startsWith('nodejs_eventloop_lag')) {
        expect(samples[0]?.value, name).toBeGreaterThanOrEqual(0);
        expect(samples[0]?.value, name).toBeLessThan(60);
      }
    }
  });

  it('returns the buckets, sums, and counts of garbage collections', async () => {
    const { scrape } = setUp();
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    const durations = await vi.waitFor(async () => {
      const families = await scrape();
      const found = families.find(({ name }) => name === 'nodejs_gc_duration_seconds')?.samples ?? [];
      expect(found.length).toBeGreaterThan(3);
      return found;
    }, 30_000);
    expect(new Set(durations.map(({ name }) => name))).toEqual(
      new Set(['bucket', 'sum', 'count'].map((suffix) => `nodejs_gc_duration_seconds_${suffix}`)),
    );
  });

  it('returns all metrics on pages that are scraped at nearly the same time', async () => {
    const { scrape } = setUp();
    await scrape();
    await wait(50);
    const whole = known(await scrape());
    const scrapes: ReturnType<typeof scrape>[] = [];
    for (let i = 0; i < 20; i += 1) {
      scrapes.push(scrape());
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const page of await Promise.all(scrapes)) {
      // Later pages may have more: durations of garbage collections.
      expect(known(page)).toEqual(expect.arrayContaining(whole));
    }
  });
});
