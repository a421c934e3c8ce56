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
}

/** What the published figures are made with; takes about nine minutes. */
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
};
