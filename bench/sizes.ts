/** How much is measured. Times are in seconds unless their names say otherwise. */
export interface Sizes {
  readonly polling: {
    readonly queries: number;
    readonly interval: number;
    readonly requestsPerSecond: number;
    readonly rounds: number;
    readonly round: number;
    /** Scrapes of the polling daemon, and the time between two of them. */
    readonly scrapes: number;
    readonly scrapeEvery: number;
  };
  readonly flatOut: {
    readonly queries: number;
    /** Requests in flight, the daemon's and the bare client's. */
    readonly inFlight: number;
    readonly warmUp: number;
    readonly rounds: number;
    readonly round: number;
  };
  readonly page: {
    readonly queries: number;
    readonly rounds: number;
  };
  readonly start: {
    readonly rounds: number;
    readonly queries: number;
    readonly readyRounds: number;
  };
  readonly scale: {
    readonly few: number;
    readonly many: number;
    /** Registrations over HTTP beside each. */
    readonly puts: number;
    readonly rounds: number;
  };
  readonly contributors: {
    readonly queries: number;
    readonly rows: number;
    /** From the start of a query at the service to its end. */
    readonly runningFor: number;
    /** Runs in flight at the service, at most. */
    readonly concurrentRuns: number;
    readonly warmUps: number;
    readonly rounds: number;
    /** In this order: a page that is never requested uncompressed uses less memory. */
    readonly encodings: readonly ('gzip' | 'plain')[];
    /** If true, a missing Pushgateway is an error; otherwise, its figures are omitted. */
    readonly needsPushgateway: boolean;
  };
  readonly targets: {
    readonly accounts: number;
    readonly regions: number;
    /** Queries of each target. */
    readonly watched: number;
    readonly scheduled: number;
    /** Of the watched queries; the scheduled ones run once per minute. */
    readonly interval: number;
    readonly requestTimeout: number;
    readonly seconds: number;
  };
}

/** What the published figures are made with; takes about a quarter of an hour. */
export const FULL: Sizes = {
  polling: {
    queries: 10_000,
    interval: 30,
    requestsPerSecond: 400,
    rounds: 3,
    round: 20,
    scrapes: 5,
    scrapeEvery: 15,
  },
  flatOut: { queries: 10_000, inFlight: 16, warmUp: 5, rounds: 5, round: 4 },
  page: { queries: 10_000, rounds: 9 },
  start: { rounds: 11, queries: 1_000, readyRounds: 3 },
  scale: { few: 100, many: 10_000, puts: 100, rounds: 3 },
  // One row in 17 has no value: of 200 queries, there would be fewer than 100,000 series.
  contributors: {
    queries: 216,
    rows: 500,
    runningFor: 0.5,
    concurrentRuns: 20,
    warmUps: 2,
    rounds: 5,
    encodings: ['gzip', 'plain'],
    needsPushgateway: true,
  },
  targets: { accounts: 40, regions: 8, watched: 27, scheduled: 3, interval: 30, requestTimeout: 10, seconds: 120 },
};

/** Enough to see that all of it works. */
export const SMOKE: Sizes = {
  polling: {
    queries: 100,
    interval: 1,
    requestsPerSecond: 150,
    rounds: 2,
    round: 1,
    scrapes: 2,
    scrapeEvery: 0.2,
  },
  flatOut: { queries: 100, inFlight: 4, warmUp: 0.5, rounds: 1, round: 0.3 },
  page: { queries: 500, rounds: 2 },
  start: { rounds: 1, queries: 10, readyRounds: 1 },
  scale: { few: 10, many: 500, puts: 5, rounds: 1 },
  contributors: {
    queries: 8,
    rows: 40,
    runningFor: 0.1,
    concurrentRuns: 8,
    warmUps: 0,
    rounds: 1,
    encodings: ['gzip'],
    needsPushgateway: false,
  },
  targets: { accounts: 4, regions: 2, watched: 2, scheduled: 1, interval: 1, requestTimeout: 0.2, seconds: 2 },
};
