import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { API_ERRORS } from '../../src/aws/errors.ts';
import type { ScrapeRequest } from '../../src/metrics/exposition.ts';
import { METRIC_GROUPS } from '../../src/metrics/families.ts';
import { RUN_OUTCOMES } from '../../src/model/run.ts';
import { METRIC_NAMES, QUERY_STATUSES, QUERY_TYPES } from '../../src/model/vocabulary.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { ExposedWorld } from './exposed-world.ts';
import { gunzipSingleMember } from './gzip.ts';
import { readPage } from './page-grammar.ts';

type Step = (world: ExposedWorld) => void | Promise<void>;

const index = fc.nat(200);
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\r', '{', '}', ',', 'ä', '🦔'), fc.string()),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 90 }), anyText, anyText).map(
    ([count, queryId, label]): Step =>
      (world) => {
        for (let i = 0; i < count; i += 1) {
          const name = `q-${world.size}`;
          world.register(watchedQuery({ name, queryId, labels: { team: label }, staleAfter: 1_000 * (1 + i) }));
        }
      },
  ),
  fc.tuple(index, fc.constantFrom(...QUERY_STATUSES)).map(
    ([i, status]): Step =>
      (world) =>
        world.answer(i, status),
  ),
  fc.tuple(index, fc.constantFrom(...API_ERRORS)).map(
    ([i, error]): Step =>
      (world) =>
        world.fail(i, error),
  ),
  fc.integer({ min: 1, max: 60_000 }).map(
    (ms): Step =>
      (world) =>
        world.clock.advance(ms),
  ),
  fc.integer({ min: -90_000_000, max: 90_000_000 }).map(
    (ms): Step =>
      (world) =>
        world.clock.jump(ms),
  ),
  fc
    .tuple(
      index,
      fc.constantFrom(...QUERY_TYPES),
      fc.record({
        seconds: fc.option(fc.double({ min: 0, max: 20, noNaN: true }), { nil: undefined }),
        error: fc.option(fc.constantFrom(...API_ERRORS), { nil: undefined }),
        up: fc.boolean(),
      }),
    )
    .map(
      ([i, type, outcome]): Step =>
        (world) =>
          world.attempt(i, type, outcome),
    ),
  fc.tuple(index, fc.stringMatching(/^\d{12}$/)).map(
    ([i, id]): Step =>
      (world) =>
        world.identify(i, id),
  ),
  fc.tuple(index, fc.double({ min: 0, max: 1e6, noNaN: true })).map(
    ([i, rate]): Step =>
      (world) => {
        world.plan(i, rate);
        world.lag = rate / 7;
      },
  ),
  fc.constant((world: ExposedWorld) => world.prepare()),
);

const seriesOfResults = fc
  .array(fc.nat(1_000_000), { maxLength: 15 })
  .map((values) =>
    values.sort((a, b) => b - a).map((value, i) => ({ labels: [['remote_ip', `10.0.0.${i}`]] as const, value })),
  );

const listStep: fc.Arbitrary<Step> = fc
  .tuple(
    index,
    fc.constantFrom('monitors', 'scopes'),
    fc.array(
      fc.tuple(
        anyText.filter((text) => text !== ''),
        fc.constantFrom('ACTIVE', 'SUCCEEDED', 'NEW', undefined),
      ),
    ),
  )
  .map(
    ([i, kind, found]): Step =>
      (world) =>
        world.list(i, kind, new Map(found)),
  );

const removeStep: fc.Arbitrary<Step> = index.map(
  (i): Step =>
    (world) =>
      world.remove(i),
);

const runStep: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constantFrom(...QUERY_TYPES), fc.constantFrom(...METRIC_NAMES), anyText).map(
    ([type, metricName, destinationCategory]): Step =>
      (world) => {
        const ofMonitor = type === 'monitor-top-contributors';
        world.register(
          scheduledQuery({
            name: `s-${world.size}`,
            type,
            metricName: ofMonitor || metricName !== 'ROUND_TRIP_TIME' ? metricName : 'TIMEOUTS',
            destinationCategory,
            monitorName: ofMonitor ? 'checkout' : undefined,
            scopeId: ofMonitor ? undefined : 'scope',
          }),
        );
      },
  ),
  fc.tuple(index, fc.uuid()).map(
    ([i, queryId]): Step =>
      (world) =>
        world.start(i, queryId),
  ),
  fc.tuple(index, fc.constantFrom(...RUN_OUTCOMES), fc.nat(1_000_000)).map(
    ([i, outcome, duration]): Step =>
      (world) =>
        world.end(i, outcome, duration),
  ),
  fc.tuple(index, seriesOfResults, fc.nat(9)).map(
    ([i, series, dropped]): Step =>
      (world) =>
        world.results(i, series, dropped),
  ),
  fc.integer({ min: 1, max: 4_000_000 }).map(
    (ms): Step =>
      (world) =>
        world.clock.advance(ms),
  ),
  fc.tuple(fc.constantFrom(...QUERY_TYPES), fc.nat(2_000), fc.nat(2_000)).map(
    ([type, waited, took]): Step =>
      (world) =>
        world.timeRun(type, waited, took),
  ),
);

const scrapeRequest: fc.Arbitrary<ScrapeRequest> = fc.record({
  format: fc.constantFrom('text', 'openmetrics'),
  gzip: fc.boolean(),
  groups: fc.option(
    fc.subarray([...METRIC_GROUPS]).map((groups) => new Set(groups)),
    { nil: undefined },
  ),
});

function textOf(body: Buffer, { gzip }: ScrapeRequest): string {
  return (gzip ? gunzipSingleMember(body) : body).toString();
}

function worldOf(count: number): ExposedWorld {
  const world = new ExposedWorld();
  for (let i = 0; i < count; i += 1) {
    world.register(watchedQuery({ name: `q-${i}` }));
    world.answer(i, QUERY_STATUSES[i % 5] ?? 'QUEUED');
  }
  return world;
}

describe('a scrape', () => {
  it('equals a rendering from scratch after any events and earlier scrapes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { arbitrary: step, weight: 4 },
            { arbitrary: runStep, weight: 4 },
            { arbitrary: listStep, weight: 1 },
            { arbitrary: scrapeRequest, weight: 1 },
          ),
          {
            maxLength: 60,
            size: 'max',
          },
        ),
        scrapeRequest,
        async (script, last) => {
          const world = new ExposedWorld();
          for (const item of [...script, last]) {
            if (typeof item === 'function') {
              await item(world);
            } else {
              const page = textOf(await world.scrape(item), item);
              // Lone surrogates are encoded as U+FFFD.
              expect(page).toBe(Buffer.from(world.naivePage(item)).toString());
              readPage(Buffer.from(page), item.format);
            }
          }
        },
      ),
      { numRuns: propertyRuns(60) },
    );
  });

  it('has the same lines as a page of the remaining queries after any were added and removed', async () => {
    const lines = (page: string) => page.split('\n').sort();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { arbitrary: step, weight: 3 },
            { arbitrary: runStep, weight: 4 },
            { arbitrary: fc.array(removeStep, { minLength: 1, maxLength: 90 }), weight: 2 },
            { arbitrary: scrapeRequest, weight: 1 },
          ),
          { maxLength: 60, size: 'max' },
        ),
        scrapeRequest,
        async (script, last) => {
          const world = new ExposedWorld();
          for (const item of [...script, last]) {
            if (typeof item === 'function') {
              await item(world);
            } else if ('format' in item) {
              const page = textOf(await world.scrape(item), item);
              expect(lines(page)).toEqual(lines(Buffer.from(world.naivePage(item)).toString()));
              readPage(Buffer.from(page), item.format);
            } else {
              for (const remove of item) {
                await remove(world);
              }
            }
          }
        },
      ),
      { numRuns: propertyRuns(60) },
    );
  });

  it('has the same text in all forms, with one gzip member', async () => {
    const world = worldOf(700);
    world.attempt(0, 'monitor-top-contributors', { seconds: 0.2, error: 'ThrottlingException', up: false });
    for (const format of ['text', 'openmetrics'] as const) {
      const plain = await world.scrape({ format });
      const compressed = await world.scrape({ format, gzip: true });
      expect(gunzipSingleMember(compressed).equals(plain)).toBe(true);
      expect(compressed.length).toBeLessThan(plain.length / 5);
      expect(spawnSync('gzip', ['-t'], { input: compressed })).toMatchObject({ status: 0, stderr: Buffer.alloc(0) });
      expect(spawnSync('gzip', ['-dc'], { input: compressed, maxBuffer: 1e8 }).stdout.equals(plain)).toBe(true);
    }
  });

  it('has HELP and TYPE of all families and no unknown values without queries', async () => {
    const world = new ExposedWorld();
    const families = readPage(await world.scrape(), 'text');
    expect(families.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['aws_nfm_query_status', 'aws_nfm_api_up']),
    );
    expect(families.every(({ help }) => help.endsWith('.'))).toBe(true);
    expect(families.filter(({ samples }) => samples.length === 0).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['aws_nfm_query_info', 'aws_nfm_api_up', 'aws_nfm_account_info']),
    );
  });

  it('has counters and their errors at 0 from registration on, without status, up, or last success', async () => {
    const world = new ExposedWorld();
    world.register(watchedQuery({ name: 'q' }));
    const families = readPage(await world.scrape(), 'text');
    const valuesOf = (name: string) =>
      families.find((family) => family.name === name)?.samples.map(({ value }) => value);
    expect(valuesOf('aws_nfm_query_polls_total')).toEqual([0]);
    expect(valuesOf('aws_nfm_query_poll_errors_total')).toEqual([0]);
    expect(valuesOf('aws_nfm_query_interval_seconds')).toEqual([30]);
    for (const unknown of [
      'status',
      'up',
      'last_error',
      'last_success_timestamp_seconds',
      'status_since_timestamp_seconds',
    ]) {
      expect(valuesOf(`aws_nfm_query_${unknown}`)).toEqual([]);
    }
  });

  it('omits _total of counter families in OpenMetrics and ends in # EOF', async () => {
    const world = worldOf(3);
    const text = readPage(await world.scrape({ format: 'text' }), 'text');
    const openmetrics = readPage(await world.scrape({ format: 'openmetrics' }), 'openmetrics');
    expect(openmetrics.map(({ samples }) => samples)).toEqual(text.map(({ samples }) => samples));
    expect(openmetrics.map(({ type }) => type)).toEqual(text.map(({ type }) => type));
    for (const [i, { name, type }] of text.entries()) {
      expect(openmetrics[i]?.name).toBe(type === 'counter' ? name.replace(/_total$/, '') : name);
    }
  });

  it('returns an empty page in each form for no group', async () => {
    const world = worldOf(3);
    const groups = new Set<never>();
    expect((await world.scrape({ groups })).toString()).toBe('');
    expect((await world.scrape({ groups, format: 'openmetrics' })).toString()).toBe('# EOF\n');
    expect(gunzipSingleMember(await world.scrape({ groups, gzip: true })).toString()).toBe('');
  });
});

describe('two simultaneous scrapes during state changes', () => {
  it('return well-formed pages whose chunks are each consistent', async () => {
    const world = worldOf(1_000);
    let changes = 0;
    let stopped = false;
    const change = () => {
      if (!stopped) {
        for (let i = 0; i < 1_000; i += 1) {
          world.answer(i, changes % 2 === 0 ? 'RUNNING' : 'QUEUED');
        }
        changes += 1;
        setImmediate(change);
      }
    };
    change();
    const requests: ScrapeRequest[] = [
      { format: 'text', gzip: true, groups: undefined },
      { format: 'text', gzip: false, groups: undefined },
      { format: 'openmetrics', gzip: true, groups: undefined },
      { format: 'openmetrics', gzip: false, groups: undefined },
    ];
    const scrapes = [...requests, ...requests.slice(0, 2)].map(async (request) => ({
      request,
      body: await world.scrape(request),
    }));
    const answers = await Promise.all(scrapes);
    stopped = true;
    expect(changes).toBeGreaterThan(10);
    for (const { request, body } of answers) {
      const families = readPage(Buffer.from(textOf(body, request)), request.format);
      expect(families).toHaveLength(readPage(await world.scrape(), 'text').length);
      const statuses = families.find(({ name }) => name === 'aws_nfm_query_status')?.samples ?? [];
      const ones = statuses.filter(({ value }) => value === 1);
      expect(statuses).toHaveLength(5_000);
      expect(new Set(ones.map(({ labels }) => labels[0]?.[1])).size).toBe(1_000);
      // A chunk has 64 queries, which all change together here: 15 whole chunks and one of 40.
      for (let first = 0; first < 1_000; first += 64) {
        const inChunk = ones.slice(first, first + 64).map(({ labels }) => labels[1]?.[1]);
        expect(new Set(inChunk).size).toBe(1);
      }
    }
    for (const request of requests) {
      expect(textOf(await world.scrape(request), request)).toBe(world.naivePage(request));
    }
  });
});
