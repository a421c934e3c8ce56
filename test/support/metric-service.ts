import { parseScenario, type Simulator, startSimulator } from 'network-flow-monitor-simulator';
import type { RegisterEngine } from '../../src/replicas/registers.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from './daemon.ts';
import { runReloadedDaemon } from './reloaded-daemon.ts';
import { SteppedClock } from './stepped-clock.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const ACCOUNT_ID = '123456789012';
/** A daemon lists its monitors within this time, in milliseconds. */
const LISTED_MS = 2_000;
const START = Date.UTC(2026, 10, 29, 10);

/** A simulator with monitor metrics and daemons on the same clock. */
export interface MetricService {
  readonly clock: SteppedClock;
  readonly simulator: Simulator;
  /** Starts a daemon with all metrics of all monitors. Resolves when its monitors are listed. `engine` is that of replicas. */
  start(config?: Config, engine?: RegisterEngine): Promise<MetricDaemon>;
  /** Starts a daemon with exactly these sections, which can be reloaded. */
  startReloaded(config: Config): Promise<MetricDaemon & { reloadWith(config: Config): Promise<unknown> }>;
}

type Config = Readonly<Record<string, unknown>>;

export interface MetricDaemon extends RunningDaemon {
  /** Stops the daemon while the clock advances. */
  end(): Promise<void>;
}

/** Starts a simulator whose account has the monitors of `names`. `cloudwatch` is its section of the scenario. */
export async function runMetricService(
  scope: TestScope,
  {
    names = ['checkout'],
    scenario = {},
  }: {
    readonly names?: readonly string[];
    readonly scenario?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<MetricService> {
  setAwsEnvironment(TEST_CREDENTIALS);
  const clock = new SteppedClock(START);
  scope.onTestFinished(clock.watchRequests());
  const monitors = names.map((name) => ({ name }));
  const accounts = [{ id: ACCOUNT_ID, regions: { 'us-east-1': { monitors }, 'us-west-2': { monitors } } }];
  let lists = 0;
  const simulator = await startSimulator({
    scenario: parseScenario(JSON.stringify({ accounts, ...scenario })),
    clock,
    onRequest: ({ operation }) => {
      lists += operation === 'ListMonitors' ? 1 : 0;
    },
  });
  scope.onTestFinished(() => simulator.close());
  const { url } = simulator;
  const endpoints = { region: 'us-east-1', endpoint: url, stsEndpoint: url, maxAttempts: 1 };
  const configOf = ({ cloudwatch, ...config }: Config): Config => ({
    aws: endpoints,
    ...(typeof cloudwatch === 'object' ? { cloudwatch: { metrics: '*', endpoint: url, ...cloudwatch } } : {}),
    ...config,
  });
  const started = async <Daemon extends RunningDaemon>(run: (scope: TestScope) => Promise<Daemon>) => {
    const ends: (() => Promise<void> | void)[] = [];
    const end = async () => {
      await clock.complete(Promise.all(ends.splice(0).map((each) => each())), MINUTE);
    };
    scope.onTestFinished(end);
    const before = lists;
    const listedAt = clock.monotonic() + LISTED_MS;
    const daemon = await run({ onTestFinished: (each) => ends.push(each) });
    // Before its first request, a daemon loads modules, for which the clock does not wait. A standby makes no request.
    await clock.creepUntil(() => lists > before || clock.monotonic() >= listedAt);
    await clock.advance(listedAt - clock.monotonic());
    return Object.assign(daemon, { end });
  };
  return {
    clock,
    simulator,
    start: ({ cloudwatch = {}, ...config } = {}, engine) =>
      started((ofDaemon) =>
        runDaemon(ofDaemon, configOf({ cloudwatch, ...config }), { clock, ...(engine && { engine }) }),
      ),
    async startReloaded(config) {
      const daemon = await started((ofDaemon) => runReloadedDaemon(ofDaemon, configOf(config), { clock }));
      return { ...daemon, reloadWith: (next: Config) => daemon.reloadWith(configOf(next)) };
    },
  };
}
