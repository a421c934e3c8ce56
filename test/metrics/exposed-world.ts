import type { ApiErrorName } from '../../src/aws/errors.ts';
import { QUERY_OPERATIONS } from '../../src/aws/operations.ts';
import { ApiSections } from '../../src/metrics/api-sections.ts';
import { exporterSections } from '../../src/metrics/exporter-sections.ts';
import { Exposition, type ScrapeRequest } from '../../src/metrics/exposition.ts';
import { InventorySections } from '../../src/metrics/inventory-sections.ts';
import { QuerySections } from '../../src/metrics/query-sections.ts';
import { RunPage } from '../../src/metrics/run-page.ts';
import { isScheduled, type RegisteredQuery, type Registration } from '../../src/model/query.ts';
import type { RunOutcome } from '../../src/model/run.ts';
import { QUERY_TYPES, type QueryStatus, type QueryType } from '../../src/model/vocabulary.ts';
import type { ContributorSeries } from '../../src/results/contributors.ts';
import { KeptJson } from '../../src/results/kept-json.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { Inventory } from '../../src/state/inventory.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { RunStates } from '../../src/state/run-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { unchangingMonitor } from './exposed-monitors.ts';
import { type ListingRecord, naivePage, type QueryRecord, type RunRecord, type TargetRecord } from './naive-page.ts';

/** The region with scheduled queries. The other region has only watched ones. */
const SCHEDULED_REGION = 'us-east-1';

/** A low limit, so that the limit over all queries often applies. */
const MAX_SERIES = 20;

/** Milliseconds between listings. */
const LISTED_EVERY = 300_000;

/** The JSON of all results, which no page shows. */
const KEPT = await KeptJson.of({});

/** State and its exposition, wired as in the daemon, with plain records of all changes. */
export class ExposedWorld {
  readonly clock = new FakeClock();
  readonly #queries: QueryRecord[] = [];
  #registered = 0;
  readonly #targets: TargetRecord[];
  readonly #log = new RecordingLog();
  readonly #handles = new Map<RegisteredQuery, Registration>();
  readonly #states = new QueryStates({ clock: this.clock, giveUpAfter: 3_600_000, log: this.#log });
  readonly #stats = new ApiStats(this.#log);
  readonly #querySections = new QuerySections(this.#states);
  readonly #planned = new Map<Target, number>();
  readonly #apiSections = new ApiSections(
    () => this.#planned,
    ({ region }) => (region === SCHEDULED_REGION ? { active: 2, waiting: 1, limit: 4 } : undefined),
  );
  readonly #runs: RunRecord[] = [];
  #shownRuns: readonly RunRecord[] = [];
  readonly #runStates = new RunStates({ clock: this.clock, log: this.#log, changed: this.#states.changed });
  readonly #runPage = new RunPage(this.#runStates, MAX_SERIES);
  readonly #inventorySections = new InventorySections();
  readonly #inventory = new Inventory({ clock: this.clock, every: LISTED_EVERY, log: this.#log });
  readonly #realTargets;
  readonly #exposition: Exposition;
  lag = 0;

  constructor() {
    this.#inventory.changed.on((inventory) => {
      this.#inventorySections.changed(inventory);
      const { target, ...listings } = inventory;
      this.#inventorySections.matched(
        target,
        (['monitors', 'scopes'] as const).flatMap((kind) => {
          const listing = listings[kind];
          return listing === undefined ? [] : [{ group: `all "${kind}"`, kind, count: listing.items.length }];
        }),
      );
    });
    this.#states.changed.on((registration, fields) => this.#querySections.changed(registration, fields));
    this.#states.changed.on((registration, fields) => this.#runPage.changed(registration, fields));
    this.#stats.changed.on((stats) => this.#apiSections.changed(stats));
    this.#runStates.newResults.on((state, series) => this.#runPage.resultsRead(state, series));
    const targets = new Targets(this.clock);
    this.#realTargets = ['eu-west-1', SCHEDULED_REGION].map((region, i) =>
      targets.add('default', region, { requestsPerSecond: 5 + i, maxConcurrentRequests: 8 }),
    );
    for (const target of this.#realTargets) {
      for (const type of QUERY_TYPES) {
        this.#stats.expect(target, { kind: target.region === SCHEDULED_REGION ? 'scheduled' : 'watched', type });
      }
      this.#apiSections.add(this.#stats.of(target));
      this.#inventorySections.add(this.#inventory.add(target));
    }
    this.#targets = this.#realTargets.map((target) => ({
      account: target.account,
      region: target.region,
      operations: QUERY_TYPES.map((type) => QUERY_OPERATIONS[type]).flatMap(({ start, status, results, stop }) =>
        (target.region === SCHEDULED_REGION ? [start, status, results, stop] : [status]).map(({ name }) => name),
      ),
      runs: target.region === SCHEDULED_REGION ? { waits: [], took: QUERY_TYPES.map((type) => [type, []]) } : undefined,
      attempts: [],
      listings: {},
      rate: () => target.budget.rate,
      limit: () => target.budget.limit,
      planned: () => this.#planned.get(target) ?? 0,
    }));
    const [first] = this.#realTargets;
    if (first === undefined) {
      throw new Error('no target');
    }
    const monitors = unchangingMonitor(first);
    const exporter = exporterSections({
      build: { version: '0.1.0', revision: 'abc', nodeVersion: 'v20' },
      registeredQueries: () => new Map([['config', [...this.#states.all()].length]]),
      pollLag: () => this.lag,
      config: {
        load: () => ({ successful: true, at: 1_700_000_000_500 }),
        discoveryFiles: () =>
          new Map([
            ['queries.d/a.yaml', { valid: true, queries: 3 }],
            ['b "\\.json', { valid: false, queries: undefined }],
          ]),
      },
      contributorSeries: () => ({ exported: this.#runPage.limit.exported, limit: MAX_SERIES }),
      regions: {
        zones: () => [{ region: 'eu-west-1', id: 'euw1-az1', name: 'eu-west-1a' }],
        prices: () => [{ region: 'eu-west-1', category: 'INTER_AZ', dollarsPerByte: 2e-11 }],
      },
      shard: { ordinal: 2, total: 3 },
      storageWritable: () => true,
    });
    this.#exposition = new Exposition(
      [
        ...this.#querySections.sections(),
        ...this.#runPage.sections(),
        ...this.#apiSections.sections(),
        ...this.#inventorySections.sections(),
        ...monitors.sections(),
        ...exporter,
      ],
      async () => {
        this.#querySections.refresh(this.clock.monotonic());
        this.#runPage.refresh(this.clock.monotonic());
        this.#inventorySections.refresh(this.clock.monotonic());
        monitors.refresh(this.clock.now());
      },
    );
  }

  /** Number of queries registered so far. */
  get size(): number {
    return this.#registered;
  }

  register(query: RegisteredQuery): void {
    const registration: Registration = handleOf(query);
    this.#handles.set(query, registration);
    if (isScheduled(registration)) {
      this.#runStates.register(registration);
      this.#runs.push({ query: registration.query, outcomes: [], total: 0 });
    }
    this.#states.register(registration);
    this.#queries.push({ query, registeredAt: this.clock.now(), polls: 0, pollErrors: 0 });
    this.#registered += 1;
  }

  remove(index: number): void {
    const record = this.#record(index);
    if (record === undefined) {
      return;
    }
    this.#states.remove(this.#handle(record.query));
    this.#queries.splice(this.#queries.indexOf(record), 1);
    const runs = this.#runs.findIndex(({ query }) => query === record.query);
    if (runs >= 0) {
      this.#runs.splice(runs, 1);
    }
    this.#shownRuns = this.#shownRuns.filter(({ query }) => query !== record.query);
  }

  /** Stores a listing of a target's monitors or scopes: names or IDs with their statuses. */
  list(index: number, kind: 'monitors' | 'scopes', found: ReadonlyMap<string, string | undefined>): void {
    const { target, record } = this.#target(index);
    if (kind === 'monitors') {
      const monitors = Array.from(found, ([name, status]) => ({ name, status, arn: undefined }));
      this.#inventory.monitorsListed(target, monitors);
    } else {
      this.#inventory.scopesListed(
        target,
        Array.from(found, ([id, status]) => ({ id, status })),
      );
    }
    const listing: ListingRecord = {
      found,
      at: this.clock.now(),
      shownUntil: this.clock.monotonic() + 3 * LISTED_EVERY,
    };
    record.listings[kind] = listing;
  }

  answer(index: number, status: QueryStatus): void {
    const record = this.#record(index);
    if (record === undefined) {
      return;
    }
    this.#states.pollSucceeded(this.#handle(record.query), status);
    if (record.status !== status) {
      record.status = status;
      record.statusSince = this.clock.now();
    }
    record.answeredAt = this.clock.monotonic();
    record.polls += 1;
    this.#markGood(record);
  }

  fail(index: number, error: ApiErrorName): void {
    const record = this.#record(index);
    if (record === undefined) {
      return;
    }
    this.#states.pollFailed(this.#handle(record.query), { error, message: '' });
    record.up = false;
    record.error = { operation: 'status', error };
    record.polls += 1;
    record.pollErrors += 1;
  }

  /** Starts a run of a scheduled query. */
  start(index: number, queryId: string): void {
    const { run, record } = this.#run(index);
    if (run === undefined || record === undefined) {
      return;
    }
    this.#states.callSucceeded(this.#handle(run.query));
    this.#states.runStarted(this.#handle(run.query));
    this.#runStates.started(this.#handle(run.query), queryId);
    this.#markGood(record);
    delete record.status;
    delete record.statusSince;
    run.queryId = queryId;
  }

  /** Ends a run of a scheduled query. */
  end(index: number, outcome: RunOutcome, duration: number): void {
    const { run, record } = this.#run(index);
    if (run === undefined || record === undefined) {
      return;
    }
    if (outcome === 'start_failed') {
      this.#states.callFailed(this.#handle(run.query), {
        operation: 'start',
        error: 'ValidationException',
        message: '',
      });
      record.up = false;
      record.error = { operation: 'start', error: 'ValidationException' };
    }
    if (outcome === 'skipped') {
      this.#runStates.skipped(this.#handle(run.query), 1);
    } else {
      const took = outcome === 'start_failed' ? undefined : duration;
      this.#runStates.ended(this.#handle(run.query), outcome, took);
      run.duration = took ?? run.duration;
    }
    run.outcomes.push(outcome);
  }

  /** Stores results of a scheduled query for the window that ends now. */
  results(index: number, series: readonly ContributorSeries[], dropped: number): void {
    const { run } = this.#run(index);
    if (run === undefined) {
      return;
    }
    const { query } = run;
    const windowEnd = this.clock.now();
    const rows = series.length + 7;
    const total = series.reduce((sum, { value }) => sum + value, 0);
    const about = { at: windowEnd, windowEnd, length: query.schedule.lookback, rows, dropped, json: KEPT };
    this.#runStates.resultsRead(this.#handle(query), about, series, 0);
    this.#runStates.addTotal(this.#handle(query), total);
    run.results = { windowEnd, readAt: this.clock.monotonic(), rows, dropped, series };
    run.total += total;
    this.#shownRuns = this.#shownRuns.includes(run) ? this.#shownRuns : [...this.#shownRuns, run];
  }

  /** Counts the seconds that a run waited and took in the target with runs. */
  timeRun(type: QueryType, waited: number, took: number): void {
    const { target, record } = this.#target(1);
    this.#stats.runWaited(target, waited);
    this.#stats.runTook(target, type, took);
    record.runs?.waits.push(waited);
    record.runs?.took.find(([each]) => each === type)?.[1].push(took);
  }

  attempt(
    index: number,
    type: QueryType,
    outcome: { seconds: number | undefined; error: ApiErrorName | undefined; up: boolean },
  ): void {
    const { target, record } = this.#target(index);
    const operation = QUERY_OPERATIONS[type].status.name;
    this.#stats.attempted(target, operation, outcome);
    this.#stats.pollsEnded(target, 2, 1);
    record.attempts.push({ operation, ...outcome });
    if (outcome.error === 'ThrottlingException') {
      target.budget.throttled();
    }
  }

  identify(index: number, awsAccountId: string): void {
    const { target, record } = this.#target(index);
    const identity = { awsAccountId, arn: `arn:aws:iam::${awsAccountId}:user/"x"`, provider: undefined };
    this.#stats.identified(target, identity);
    record.identity = identity;
  }

  plan(index: number, rate: number): void {
    this.#planned.set(this.#target(index).target, rate);
  }

  async scrape(request: Partial<ScrapeRequest> = {}): Promise<Buffer> {
    return Buffer.concat(await this.scrapeParts(request));
  }

  /** Prepares the first scrape. */
  prepare(): Promise<void> {
    return this.#exposition.prepare();
  }

  /** Scrapes in parts. Parts that were not rendered and compressed again are the same buffers as before. */
  scrapeParts(request: Partial<ScrapeRequest> = {}): Promise<readonly Buffer[]> {
    const now = this.clock.monotonic();
    this.#shownRuns = this.#shownRuns.filter(({ query: { schedule }, results }) => {
      const { every, delay, timeout } = schedule;
      return results === undefined || now - results.readAt <= 3 * every + delay + timeout;
    });
    return this.#exposition.scrape({ format: 'text', gzip: false, groups: undefined, ...request });
  }

  /** Returns the expected page. */
  naivePage({ format = 'text', groups }: Partial<ScrapeRequest> = {}): string {
    const { clock } = this;
    return naivePage(
      {
        queries: this.#queries,
        runs: this.#runs,
        shownRuns: this.#shownRuns,
        maxSeries: MAX_SERIES,
        targets: this.#targets,
        now: () => clock.monotonic(),
        lag: () => this.lag,
      },
      format,
      groups,
    );
  }

  #handle(query: RegisteredQuery): Registration {
    const handle = this.#handles.get(query);
    if (handle === undefined) {
      throw new Error('the query was registered');
    }
    return handle;
  }

  #record(index: number): QueryRecord | undefined {
    return this.#queries[index % Math.max(1, this.#queries.length)];
  }

  #run(index: number): { readonly run: RunRecord | undefined; readonly record: QueryRecord | undefined } {
    const run = this.#runs[index % Math.max(1, this.#runs.length)];
    return { run, record: this.#queries.find(({ query }) => query === run?.query) };
  }

  #markGood(record: QueryRecord): void {
    record.lastSuccess = this.clock.now();
    record.up = true;
    delete record.error;
  }

  #target(index: number) {
    const target = this.#realTargets[index % 2];
    const record = this.#targets[index % 2];
    if (target === undefined || record === undefined) {
      throw new Error('there are two targets');
    }
    return { target, record };
  }
}
