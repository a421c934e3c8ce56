import type { QueryStatus } from '../../src/api/client.ts';
import type { ApiErrorName } from '../../src/api/errors.ts';
import { STATUS_OPERATIONS } from '../../src/api/operations.ts';
import { ApiSections } from '../../src/metrics/api-sections.ts';
import { exporterSections } from '../../src/metrics/exporter-sections.ts';
import { Exposition, type ScrapeRequest } from '../../src/metrics/exposition.ts';
import { QuerySections } from '../../src/metrics/query-sections.ts';
import type { QueryType, WatchedQuery } from '../../src/queries/query.ts';
import { type Target, Targets } from '../../src/scheduler/target.ts';
import { ApiStats } from '../../src/state/api-stats.ts';
import { QueryStates } from '../../src/state/query-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { naivePage, type QueryRecord, type TargetRecord } from './naive-page.ts';

const TYPES: readonly QueryType[] = [
  'monitor-top-contributors',
  'workload-insights-top-contributors',
  'workload-insights-top-contributors-data',
];

/** State and its exposition, wired as in the daemon, with plain records of what is done to them beside it. */
export class ExposedWorld {
  readonly clock = new FakeClock();
  readonly #queries: QueryRecord[] = [];
  readonly #targets: TargetRecord[];
  readonly #states = new QueryStates({
    clock: this.clock,
    giveUpAfter: 3_600_000,
    onChange: (state) => this.#querySections.changed(state, this.clock.monotonic()),
  });
  readonly #stats = new ApiStats((stats) => this.#apiSections.changed(stats));
  readonly #querySections = new QuerySections();
  readonly #planned = new Map<Target, number>();
  readonly #apiSections = new ApiSections(() => this.#planned);
  readonly #realTargets;
  readonly #exposition: Exposition;
  lag = 0;

  constructor() {
    const targets = new Targets(this.clock);
    this.#realTargets = ['eu-west-1', 'us-east-1'].map((region, i) =>
      targets.add('default', region, { requestsPerSecond: 5 + i, maxConcurrentRequests: 8 }),
    );
    for (const target of this.#realTargets) {
      for (const type of TYPES) {
        this.#stats.expect(target, type);
      }
      this.#apiSections.add(this.#stats.of(target));
    }
    this.#targets = this.#realTargets.map((target) => ({
      account: target.account,
      region: target.region,
      operations: TYPES.map((type) => STATUS_OPERATIONS[type].name),
      attempts: [],
      rate: () => target.budget.rate,
      limit: () => target.budget.limit,
      planned: () => this.#planned.get(target) ?? 0,
    }));
    const exporter = exporterSections({
      version: '0.1.0',
      revision: 'abc',
      nodeVersion: 'v20',
      registeredQueries: () => new Map([['config', this.#states.size]]),
      pollLag: () => this.lag,
      configLoad: () => ({ successful: true, at: 1_700_000_000_500 }),
    });
    this.#exposition = new Exposition(
      [...this.#querySections.sections(), ...this.#apiSections.sections(), ...exporter.sections],
      async () => {
        this.#querySections.refresh(this.clock.monotonic());
        this.#apiSections.refresh();
        exporter.refresh();
      },
    );
  }

  get size(): number {
    return this.#queries.length;
  }

  register(query: WatchedQuery): void {
    this.#querySections.add(this.#states.register(query));
    this.#queries.push({ query, registeredAt: this.clock.now(), polls: 0, pollErrors: 0 });
  }

  answer(index: number, status: QueryStatus): void {
    const record = this.#record(index);
    if (record === undefined) {
      return;
    }
    this.#states.answered(record.query.name, status);
    if (record.status !== status) {
      record.status = status;
      record.statusSince = this.clock.now();
    }
    record.answeredAt = this.clock.monotonic();
    record.lastSuccess = this.clock.now();
    record.polls += 1;
    delete record.error;
  }

  fail(index: number, error: ApiErrorName): void {
    const record = this.#record(index);
    if (record === undefined) {
      return;
    }
    this.#states.failed(record.query.name, { operation: 'status', error, message: '' });
    record.error = error;
    record.polls += 1;
    record.pollErrors += 1;
  }

  attempt(
    index: number,
    type: QueryType,
    outcome: { seconds: number | undefined; error: ApiErrorName | undefined; up: boolean },
  ): void {
    const { target, record } = this.#target(index);
    const operation = STATUS_OPERATIONS[type].name;
    this.#stats.attempted(target, operation, outcome);
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

  /** What is not rendered and compressed anew is the same Buffer as in the scrape before. */
  scrapeParts(request: Partial<ScrapeRequest> = {}): Promise<readonly Buffer[]> {
    return this.#exposition.scrape({ format: 'text', gzip: false, groups: undefined, ...request });
  }

  /** The page as it must be now. */
  naivePage({ format = 'text', groups }: Partial<ScrapeRequest> = {}): string {
    const { clock } = this;
    return naivePage(
      { queries: this.#queries, targets: this.#targets, now: () => clock.monotonic(), lag: () => this.lag },
      format,
      groups,
    );
  }

  #record(index: number): QueryRecord | undefined {
    return this.#queries[index % Math.max(1, this.#queries.length)];
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
