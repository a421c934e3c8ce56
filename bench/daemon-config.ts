import { configEntries, REGION } from './watched-queries.ts';

export interface DaemonConfigOptions {
  readonly queries: number;
  /** Of the simulator. */
  readonly endpoint: string;
  /** Seconds. */
  readonly interval: number;
  readonly requestsPerSecond: number;
  readonly maxConcurrentRequests: number;
}

/** The config file of a daemon that polls the simulator's queries: one account, one region. */
export function daemonConfig(options: DaemonConfigOptions): object {
  const { queries, endpoint, interval, requestsPerSecond, maxConcurrentRequests } = options;
  return {
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: { region: REGION, endpoint, stsEndpoint: endpoint, requestsPerSecond, maxConcurrentRequests },
    polling: { interval: `${interval * 1_000}ms` },
    queries: configEntries(queries),
  };
}
