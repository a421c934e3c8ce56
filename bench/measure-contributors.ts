import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonFunctions } from './daemon-preload.ts';
import { type Scrape, scrape } from './http-load.ts';
import { memoryOf } from './process-usage.ts';
import type { ObservedDaemon, Processes } from './processes.ts';
import { hasPushgateway, MISSING_PUSHGATEWAY, PUSHGATEWAY, pushPage } from './pushgateway.ts';
import type { Report } from './report.ts';
import type { Requests } from './request-times.ts';
import type { Peer } from './rpc.ts';
import { comparableSamples, querySeries } from './samples.ts';
import { type Change, changing, nextWallClock, scheduledEntry, scheduledScenario } from './scheduled-queries.ts';
import type { Sizes } from './sizes.ts';
import { REGION } from './watched-queries.ts';

/** A server of the same series. */
interface Server {
  readonly name: string;
  readonly port: number;
  /** Returns the block of its event loop; undefined if it has none. */
  readonly peer: Peer<Pick<DaemonFunctions, 'startBlock' | 'stopBlock'>> | undefined;
}

interface ObservedScrape extends Scrape {
  /** Longest block of the server's event loop during the scrape, in milliseconds. */
  readonly block: number | undefined;
}

/** More than the runs need: what is measured is the exporter, not how it waits. */
const REQUESTS_PER_SECOND = 2_000;
const LOOK_EVERY_MS = 200;
const LONGEST_READING_MS = 120_000;
/** The aim for each block of the event loop. */
const LONGEST_BLOCK_MS = 50;

/** What has new results since the last scrape, and how many times faster than the others the exporter is to be then. */
const CASES: readonly {
  readonly what: string;
  readonly change: Change | undefined;
  readonly timesFaster: number | undefined;
}[] = [
  { what: 'nothing changed', change: undefined, timesFaster: 10 },
  { what: 'one query changed', change: 'one', timesFaster: undefined },
  { what: '1 % of them changed', change: 'hundredth', timesFaster: 5 },
  { what: 'all changed', change: 'all', timesFaster: undefined },
];

/**
 * The real daemon runs scheduled queries with many rows over consecutive windows. It is scraped after none, one, one percent,
 * and all of them have new results. prom-client and the Pushgateway export the same series without changes: they render all
 * of them in each scrape anyway. The wall clock of the daemon is set ahead, so that windows become due.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one measurement, whose steps share its state
export async function measureContributors(
  processes: Processes,
  sizes: Sizes['contributors'],
  report: Report,
): Promise<void> {
  const withPushgateway = hasPushgateway();
  if (!withPushgateway) {
    if (sizes.needsPushgateway) {
      throw new Error(MISSING_PUSHGATEWAY);
    }
    process.stderr.write(`${MISSING_PUSHGATEWAY}. Its figures are left out.\n`);
  }
  const { queries, rows, runningFor, warmUps, rounds, encodings } = sizes;
  const simulator = processes.startSimulator();
  const endpoint = await simulator.peer.ask('start', scheduledScenario(queries, rows, runningFor * 1_000));
  const daemon = await processes.startObservedDaemon(config(sizes, endpoint));
  const runner = new Runner(daemon, queries);
  await runner.settled();
  await simulator.peer.ask('takeRequests');
  const blocksOfRuns = [await runner.advance('all')];
  const requests = await simulator.peer.ask('takeRequests');

  const page = await pageOf(daemon.port);
  const promClient = processes.startPageCopy();
  const promClientPort = await promClient.peer.ask('start', daemon.port);
  const pushgateway = withPushgateway ? await processes.startPushgateway() : undefined;
  if (pushgateway !== undefined) {
    await pushPage(pushgateway.port, querySeries(page));
  }
  const exporter: Server = { name: 'exporter', port: daemon.port, peer: daemon.peer };
  const others: readonly Server[] = [
    { name: 'prom-client', port: promClientPort, peer: promClient.peer },
    ...(pushgateway === undefined ? [] : [{ name: PUSHGATEWAY, port: pushgateway.port, peer: undefined }]),
  ];
  for (const { port } of others) {
    expectSameSamples(page, await pageOf(port));
  }
  const series = page.split('\n').filter((line) => line.startsWith('aws_nfm_contributor_')).length;
  const title = `${queries} scheduled queries of ${rows} rows, ${series} contributor series`;

  const memory: { readonly encoding: string; readonly resident: number; readonly peak: number }[] = [];
  const blocksOfScrapes: number[] = [];
  for (const encoding of encodings) {
    const gzip = encoding === 'gzip';
    // Scrapes whose code has been used often enough to be compiled; and windows of all queries end together again.
    for (let i = 0; i < warmUps; i += 1) {
      blocksOfRuns.push(await runner.advance('all'));
      await scrapeAll([exporter, ...others], gzip);
    }
    for (const { what, change, timesFaster } of CASES) {
      const scrapes: ReadonlyMap<string, ObservedScrape>[] = [];
      for (let i = 0; i < rounds; i += 1) {
        if (change !== undefined) {
          blocksOfRuns.push(await runner.advance(change));
        }
        scrapes.push(await scrapeAll([exporter, ...others], gzip));
      }
      addScrapes(report.section(`Scrape of ${title}: ${what} since the last, ${encoding}`), scrapes, timesFaster);
      blocksOfScrapes.push(...scrapes.flatMap((round) => round.get(exporter.name)?.block ?? []));
    }
    memory.push({ encoding, ...memoryOf(daemon.pid) });
  }
  await simulator.peer.ask('takeRequests'); // throws if any of them failed
  await daemon.stop();
  await promClient.stop();
  await pushgateway?.stop();
  await simulator.stop();

  const add = report.section(`${title}: the daemon`);
  for (const { encoding, resident, peak } of memory) {
    add(`memory (VmRSS) after these runs and scrapes, ${encoding}`, 'MB', [resident], { atMost: 400 });
    add('most memory until then (VmHWM)', 'MB', [peak]);
  }
  add('event loop blocked during runs, their results read', 'ms', blocksOfRuns);
  add('… the longest block of all', 'ms', [Math.max(...blocksOfRuns)], { atMost: LONGEST_BLOCK_MS });
  add('event loop blocked during scrapes', 'ms', blocksOfScrapes);
  add('… the longest block of all', 'ms', [Math.max(...blocksOfScrapes)], { atMost: LONGEST_BLOCK_MS });
  addRequests(add, requests, sizes);
}

/** One scrape of each, by the server's name. */
async function scrapeAll(servers: readonly Server[], gzip: boolean): Promise<ReadonlyMap<string, ObservedScrape>> {
  const scrapes = new Map<string, ObservedScrape>();
  for (const { name, port, peer } of servers) {
    await peer?.ask('startBlock');
    const scraped = await scrape(port, gzip);
    scrapes.set(name, { ...scraped, block: await peer?.ask('stopBlock') });
  }
  return scrapes;
}

/** The first server of each round is the one that the others are measured by. */
function addScrapes(
  add: ReturnType<Report['section']>,
  rounds: readonly ReadonlyMap<string, ObservedScrape>[],
  timesFaster: number | undefined,
): void {
  const [exporter = '', ...others] = rounds[0]?.keys() ?? [];
  const samples = (name: string, of: (scraped: ObservedScrape) => number | undefined) =>
    rounds.flatMap((round) => {
      const scraped = round.get(name);
      return scraped === undefined ? [] : (of(scraped) ?? []);
    });
  const own = samples(exporter, ({ ms }) => ms);
  add(`request to last byte: ${exporter}`, 'ms', own);
  for (const other of others) {
    const theirs = samples(other, ({ ms }) => ms);
    add(`request to last byte: ${other}`, 'ms', theirs);
    const quotients = theirs.map((ms, i) => ms / (own[i] ?? Number.NaN));
    add(
      `… times faster than ${other}`,
      '',
      quotients,
      timesFaster === undefined ? undefined : { atLeast: timesFaster },
    );
  }
  for (const name of [exporter, ...others]) {
    const blocks = samples(name, ({ block }) => block);
    if (blocks.length > 0) {
      add(`event loop blocked: ${name}`, 'ms', blocks);
    }
  }
  for (const name of [exporter, ...others]) {
    add(
      `bytes: ${name}`,
      'MB',
      samples(name, ({ bytes }) => bytes / 1e6),
    );
  }
}

function config({ queries, rows, concurrentRuns }: Sizes['contributors'], endpoint: string): object {
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: {
      region: REGION,
      endpoint,
      stsEndpoint: endpoint,
      requestsPerSecond: REQUESTS_PER_SECOND,
      maxConcurrentRuns: concurrentRuns,
    },
    contributors: { maxSeries: queries * rows },
    queries: Array.from({ length: queries }, (_, i) => scheduledEntry(i, queries, rows)),
  };
}

/** A daemon whose queries run on a command of the bench. */
class Runner {
  readonly daemon: ObservedDaemon;
  readonly #queries: number;
  #wallClock = Date.now();

  constructor(daemon: ObservedDaemon, queries: number) {
    this.daemon = daemon;
    this.#queries = queries;
  }

  /** Runs the queries of a change. Returns the longest block of the event loop during the runs, in milliseconds. */
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

/** The used part of the daemon's response. */
interface QueryList {
  readonly queries: readonly { readonly queryId: string | null; readonly nextPoll: string | null }[];
}

async function pageOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

/** @throws Error unless both pages hold the same series of queries and contributors, with the same values. */
function expectSameSamples(page: string, copy: string): void {
  const own = comparableSamples(page);
  const other = comparableSamples(copy);
  const odd = own.find((sample, i) => sample !== other[i]);
  if (odd !== undefined || other.length !== own.length) {
    throw new Error(`pages differ: ${own.length} samples in one, ${other.length} in the other, such as ${odd}`);
  }
}

/** The API requests of one run of each query. */
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
