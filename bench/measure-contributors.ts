import { setTimeout as sleep } from 'node:timers/promises';
import { type Scrape, scrape } from './http-load.ts';
import type { PageCopyFunctions } from './page-copy-process.ts';
import { memoryOf } from './process-usage.ts';
import type { ObservedDaemon, Processes, Running } from './processes.ts';
import { expectPushgateway, PUSHGATEWAY, pushPage } from './pushgateway.ts';
import type { Report } from './report.ts';
import type { Requests } from './request-times.ts';
import { comparableSamples, querySeries } from './samples.ts';
import { type Change, changing, nextWallClock, scheduledEntry, scheduledScenario } from './scheduled-queries.ts';
import type { Sizes } from './sizes.ts';
import { REGION } from './watched-queries.ts';

/** A scrape of a Node server, and the longest block of its event loop meanwhile in milliseconds. */
interface ObservedScrape extends Scrape {
  readonly block: number;
}

/** More than the runs of all queries need at once: what is measured is the exporter, not how it waits. */
const REQUESTS_PER_SECOND = 2_000;
const CONCURRENT_REQUESTS = 32;
const LOOK_EVERY_MS = 200;
const LONGEST_READING_MS = 120_000;
/** The aim for each block of the event loop. */
const LONGEST_BLOCK_MS = 50;

/**
 * The real daemon runs scheduled queries over window after window, each with many rows, and is scraped after none, one, a
 * hundredth and all of them have new results; beside prom-client and the Pushgateway with the same series. The daemon's
 * wall clock is set ahead for windows to become due.
 */
export async function measureContributors(
  processes: Processes,
  sizes: Sizes['contributors'],
  report: Report,
): Promise<void> {
  expectPushgateway();
  const { queries, rows, runningFor, warmUps, rounds, encodings } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', scheduledScenario(queries, rows, runningFor * 1_000));
  const runner = new Runner(await processes.startObservedDaemon(config(sizes, endpoint)), queries);
  const { daemon } = runner;
  await runner.settled();
  await simulator.peer.ask('takeRequests');
  const reading = [await runner.advance('all')];
  const runRequests = await simulator.peer.ask('takeRequests');

  const page = await pageOf(daemon.port);
  const promClient = processes.startPageCopy();
  const promClientPort = await promClient.peer.ask('start', daemon.port);
  const pushgateway = await processes.startPushgateway();
  await pushPage(pushgateway.port, querySeries(page));
  expectSameSamples(page, await pageOf(promClientPort), await pageOf(pushgateway.port));
  const series = page.split('\n').filter((line) => line.startsWith('aws_nfm_contributor_')).length;

  const title = `${queries} scheduled queries of ${rows} rows, ${series} contributor series`;
  const cases: readonly {
    readonly what: string;
    readonly change: Change | undefined;
    readonly aim: number | undefined;
  }[] = [
    { what: 'nothing changed', change: undefined, aim: 10 },
    { what: 'one query changed', change: 'one', aim: undefined },
    { what: '1 % of them changed', change: 'hundredth', aim: 5 },
    { what: 'all changed', change: 'all', aim: undefined },
  ];
  const memory: { readonly gzip: boolean; readonly resident: number; readonly peak: number }[] = [];
  const scraped: number[] = [];
  for (const gzip of encodings.map((encoding) => encoding === 'gzip')) {
    // Scrapes whose code has been used often enough to be compiled; and windows of all queries end together again.
    for (let i = 0; i < warmUps; i += 1) {
      reading.push(await runner.advance('all'));
      await observedScrape(daemon, daemon.port, gzip);
      await observedScrape(promClient, promClientPort, gzip);
      await scrape(pushgateway.port, gzip);
    }
    for (const { what, change, aim } of cases) {
      const own: ObservedScrape[] = [];
      const byPromClient: ObservedScrape[] = [];
      const byPushgateway: Scrape[] = [];
      for (let i = 0; i < rounds; i += 1) {
        if (change !== undefined) {
          reading.push(await runner.advance(change));
        }
        own.push(await observedScrape(daemon, daemon.port, gzip));
        byPromClient.push(await observedScrape(promClient, promClientPort, gzip));
        byPushgateway.push(await scrape(pushgateway.port, gzip));
      }
      scraped.push(...own.map(({ block }) => block));
      const add = report.section(`Scrape of ${title}: ${what} since the last, ${gzip ? 'gzip' : 'plain'}`);
      const times = (them: string, theirs: readonly Scrape[]) =>
        add(
          `… times faster than ${them}`,
          '',
          theirs.map(({ ms }, i) => ms / (own[i]?.ms ?? Number.NaN)),
          aim === undefined ? undefined : { atLeast: aim },
        );
      const ms = (scrapes: readonly Scrape[]) => scrapes.map((each) => each.ms);
      add('request to last byte: exporter', 'ms', ms(own));
      add('request to last byte: prom-client', 'ms', ms(byPromClient));
      times('prom-client', byPromClient);
      add(`request to last byte: ${PUSHGATEWAY}`, 'ms', ms(byPushgateway));
      times(PUSHGATEWAY, byPushgateway);
      const blocks = (scrapes: readonly ObservedScrape[]) => scrapes.map(({ block }) => block);
      add('event loop blocked: exporter', 'ms', blocks(own), { atMost: LONGEST_BLOCK_MS });
      add('event loop blocked: prom-client', 'ms', blocks(byPromClient));
      const megabytes = (scrapes: readonly Scrape[]) => scrapes.map(({ bytes }) => bytes / 1e6);
      add('bytes: exporter', 'MB', megabytes(own));
      add('bytes: prom-client', 'MB', megabytes(byPromClient));
      add(`bytes: ${PUSHGATEWAY}`, 'MB', megabytes(byPushgateway));
    }
    memory.push({ gzip, ...memoryOf(daemon.pid) });
  }
  await simulator.peer.ask('takeRequests'); // throws if any of them failed
  await daemon.stop();
  await promClient.stop();
  await pushgateway.stop();
  await simulator.stop();

  const add = report.section(`${title}: the daemon`);
  for (const { gzip, resident, peak } of memory) {
    add(`memory (VmRSS) after all these runs and scrapes, ${gzip ? 'gzip' : 'plain too'}`, 'MB', [resident], {
      atMost: 400,
    });
    add('most memory until then (VmHWM)', 'MB', [peak]);
  }
  add('event loop blocked while results are read, all of them', 'ms', reading, { atMost: LONGEST_BLOCK_MS });
  add('event loop blocked, longest of all scrapes above', 'ms', [Math.max(...scraped)], { atMost: LONGEST_BLOCK_MS });
  addRequests(add, runRequests, sizes);
}

function config({ queries, rows }: Sizes['contributors'], endpoint: string): object {
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: {
      region: REGION,
      endpoint,
      stsEndpoint: endpoint,
      requestsPerSecond: REQUESTS_PER_SECOND,
      maxConcurrentRequests: CONCURRENT_REQUESTS,
      maxConcurrentRuns: queries,
    },
    contributors: { maxSeries: queries * rows },
    queries: Array.from({ length: queries }, (_, i) => scheduledEntry(i, queries, rows)),
  };
}

/** A daemon whose queries run when the bench says so. */
class Runner {
  readonly daemon: ObservedDaemon;
  readonly #queries: number;
  #wallClock = Date.now();

  constructor(daemon: ObservedDaemon, queries: number) {
    this.daemon = daemon;
    this.#queries = queries;
  }

  /** Lets the queries of a change run. Returns the longest block of the event loop meanwhile, in milliseconds. */
  async advance(change: Change): Promise<number> {
    const before = await this.settled();
    this.#wallClock = nextWallClock(this.#wallClock, change);
    await this.daemon.peer.ask('startBlock');
    await this.daemon.peer.ask('setWallClock', this.#wallClock);
    const after = await this.settled();
    const block = await this.daemon.peer.ask('stopBlock');
    const ran = after.filter((id, i) => id !== before[i]).length;
    if (ran !== changing(change, this.#queries)) {
      throw new Error(`${ran} queries ran, expected ${changing(change, this.#queries)}`);
    }
    return block;
  }

  /** Resolves when no run is due or under way, with the service's id of the last run of each query. */
  async settled(): Promise<(string | null)[]> {
    const deadline = performance.now() + LONGEST_READING_MS;
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${this.daemon.port}/api/v1/queries`);
      const { queries } = (await response.json()) as QueryList; // as the daemon's own description of its API has it
      if (queries.every(({ nextPoll }) => nextPoll !== null && Date.parse(nextPoll) > this.#wallClock)) {
        return queries.map(({ queryId }) => queryId);
      }
      if (performance.now() > deadline) {
        throw new Error(`the runs did not end within ${LONGEST_READING_MS / 1_000} s`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** As much of the daemon's answer as is used here. */
interface QueryList {
  readonly queries: readonly { readonly queryId: string | null; readonly nextPoll: string | null }[];
}

async function observedScrape(
  { peer }: Pick<Running<PageCopyFunctions>, 'peer'>,
  port: number,
  gzip: boolean,
): Promise<ObservedScrape> {
  await peer.ask('startBlock');
  const scraped = await scrape(port, gzip);
  return { ...scraped, block: await peer.ask('stopBlock') };
}

async function pageOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

/** @throws Error unless all pages hold the same series of queries and contributors, with the same values. */
function expectSameSamples(page: string, ...others: readonly string[]): void {
  const own = comparableSamples(page);
  for (const other of others.map(comparableSamples)) {
    const odd = own.find((sample, i) => sample !== other[i]);
    if (odd !== undefined || other.length !== own.length) {
      throw new Error(`pages differ: ${own.length} samples in one, ${other.length} in another, such as ${odd}`);
    }
  }
}

/** What the runs of all queries, once each, have asked the service. */
function addRequests(
  add: ReturnType<Report['section']>,
  { operations }: Requests,
  { queries, runningFor }: Sizes['contributors'],
): void {
  const counts = new Map<string, number>();
  for (const operation of operations) {
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
  }
  add(`API requests a run; the service takes ${runningFor} s, its pages hold 25 rows`, '', [
    operations.length / queries,
  ]);
  for (const [operation, count] of counts) {
    add(`… ${operation}`, '', [count / queries]);
  }
}
