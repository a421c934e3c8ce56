// The first call or request would load these, which takes seconds on a busy machine while a test's clock continues.
import '@aws-sdk/client-sts';
import '@smithy/node-http-handler';
import '../../src/aws/credential-sources.ts';
import '../../src/aws/sdk.ts';
import '../../src/http/app.ts';
import '../../src/metrics/process-sections.ts';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.ts';
import type { ConfigSource, DaemonOptions } from '../../src/daemon/parts.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import type { MetricGroup } from '../../src/metrics/families.ts';
import { type Shard, WHOLE } from '../../src/model/shard.ts';
import { loadConfig } from '../../src/queries/load.ts';
import type { RegisterEngine } from '../../src/replicas/registers.ts';
import { ExpositionPage, metricsPath } from './exposition-page.ts';
import { RecordingLog } from './recording-log.ts';

/** The scope of resources that end with the test. */
export interface TestScope {
  onTestFinished(end: () => Promise<void> | void): void;
}

/** The used members of a query in the HTTP API. */
export interface QueryAnswer {
  readonly name: string;
  readonly status: string | null;
  readonly statusSince: string | null;
  readonly up: boolean | null;
  readonly lastError: { readonly operation: string; readonly error: string; readonly message: string } | null;
  readonly lastSuccess: string | null;
  readonly nextPoll: string | null;
}

/** A daemon in this process, with calls over HTTP. */
export interface RunningDaemon {
  /** For example, http://127.0.0.1:40123. */
  readonly url: string;
  readonly log: RecordingLog;
  /** Reads /metrics: all of it, or some groups of families, which takes less of a busy machine's time. */
  metrics(...groups: readonly MetricGroup[]): Promise<ExpositionPage>;
  query(name: string): Promise<QueryAnswer>;
  /** The text of any path, with any status. */
  text(path: string): Promise<{ readonly status: number; readonly body: string }>;
  reload: Daemon['reload'];
  /** Shuts down as after a signal. `timeout` in milliseconds. */
  stop(timeout: number): Promise<void>;
}

/** Makes `variables` the only AWS settings of this process, which has no credentials without any. Those of the user are not used. */
export function setAwsEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(process.env).filter((each) => /^AWS_|_PROXY$/i.test(each))) {
    delete process.env[name];
  }
  Object.assign(process.env, {
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...variables,
  });
}

export const TEST_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIATESTTESTTESTTEST', AWS_SECRET_ACCESS_KEY: 'test' };

export interface DaemonSettings {
  readonly clock?: Clock;
  /** Environment of the daemon, for proxies. */
  readonly env?: NodeJS.ProcessEnv;
  /** The file that reloads read. */
  readonly file?: string;
  /** Milliseconds; 0: never. */
  readonly autoReloadInterval?: number;
  /** Features that flags enable. */
  readonly lifecycle?: boolean;
  readonly adminApi?: boolean;
  /** Runs are stopped on shutdown, even with a storage. */
  readonly isLast?: boolean;
  readonly shard?: Shard;
  /** Replaces the configured engine of replicas. */
  readonly engine?: RegisterEngine;
}

/** Starts a daemon with the content of a configuration file. It listens on a free port, and ends with the test. */
export async function runDaemon(
  scope: TestScope,
  config: Readonly<Record<string, unknown>>,
  {
    clock = systemClock,
    env = {},
    file = 'none.json',
    autoReloadInterval = 0,
    lifecycle = false,
    adminApi = false,
    isLast = false,
    shard = WHOLE,
    engine,
  }: DaemonSettings = {},
): Promise<RunningDaemon> {
  const read = { file, env: {}, fallbackRegion: async () => 'us-east-1' };
  const loaded = await loadConfig(JSON.stringify(config), read);
  const log = new RecordingLog();
  const daemon = await startDaemon(
    daemonOptions({
      loaded,
      read,
      clock,
      env,
      log,
      autoReloadInterval,
      lifecycle,
      adminApi,
      isLast,
      shard,
      ...(engine && { engine }),
    }),
  );
  scope.onTestFinished(() => daemon.stop(1_000));
  return running(daemon, log);
}

/** Options of a daemon on a free port. */
export function daemonOptions({
  loaded,
  read,
  log,
  clock = systemClock,
  env = {},
  autoReloadInterval = 0,
  lifecycle = false,
  adminApi = false,
  isLast = false,
  shard = WHOLE,
  engine,
}: Omit<DaemonSettings, 'file'> &
  Pick<ConfigSource, 'loaded' | 'read'> & { readonly log: RecordingLog }): DaemonOptions {
  return {
    config: { loaded, read, autoReloadInterval, setLogLevel: (level) => log.levels.push(level) },
    web: {
      listenAddresses: ['127.0.0.1:0'],
      site: {
        telemetryPath: '/metrics',
        routePrefix: '',
        externalUrl: undefined,
        prometheusUrl: undefined,
        grafanaUrl: undefined,
      },
      enableLifecycle: lifecycle,
      enableAdminApi: adminApi,
    },
    build: { version: '0.0.0-test', revision: 'test' },
    clock,
    log,
    env,
    membership: { isLast, shard, engine },
  };
}

function running(daemon: Daemon, log: RecordingLog): RunningDaemon {
  const url = `http://${daemon.addresses[0]}`;
  const text = async (path: string) => {
    // Compression takes longer than all else of a small response. Tests of compressed responses request them.
    const response = await fetch(url + path, { headers: { 'accept-encoding': 'identity' } });
    return { status: response.status, body: await response.text() };
  };
  const good = async (path: string) => {
    const { status, body } = await text(path);
    if (status !== 200) {
      throw new Error(`${path} returned ${status}: ${body}`);
    }
    return body;
  };
  return {
    url,
    log,
    text,
    metrics: async (...groups) => new ExpositionPage(await good(metricsPath(groups))),
    query: async (name) => JSON.parse(await good(`/api/v1/queries/${encodeURIComponent(name)}`)),
    reload: () => daemon.reload(),
    stop: (timeout) => daemon.stop(timeout),
  };
}
