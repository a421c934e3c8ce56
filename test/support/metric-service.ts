import { parseScenario, type Simulator, startSimulator } from 'network-flow-monitor-simulator';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from './daemon.ts';
import { SteppedClock } from './stepped-clock.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const ACCOUNT_ID = '123456789012';
const START = Date.UTC(2026, 10, 29, 10);

/** A simulator with monitor metrics and daemons on the same clock. */
export interface MetricService {
  readonly clock: SteppedClock;
  readonly simulator: Simulator;
  /** Starts a daemon with all metrics of all monitors. Resolves when its monitors are listed. */
  start(config?: Readonly<Record<string, unknown>>): Promise<MetricDaemon>;
}

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
    waitsForFiles = false,
  }: {
    readonly names?: readonly string[];
    readonly scenario?: Readonly<Record<string, unknown>>;
    readonly waitsForFiles?: boolean;
  } = {},
): Promise<MetricService> {
  setAwsEnvironment(TEST_CREDENTIALS);
  const clock = new SteppedClock(START, { waitsForFiles });
  scope.onTestFinished(clock.watchRequests());
  const accounts = [{ id: ACCOUNT_ID, regions: { 'us-east-1': { monitors: names.map((name) => ({ name })) } } }];
  const simulator = await startSimulator({
    scenario: parseScenario(JSON.stringify({ accounts, ...scenario })),
    clock,
  });
  scope.onTestFinished(() => simulator.close());
  const { url } = simulator;
  return {
    clock,
    simulator,
    async start({ cloudwatch, ...config }: Readonly<Record<string, unknown>> = {}) {
      const ends: (() => Promise<void> | void)[] = [];
      const stop = async () => {
        const ended = Promise.all(ends.splice(0).map((end) => end()));
        await clock.complete(ended, MINUTE);
      };
      scope.onTestFinished(stop);
      const daemon = await runDaemon(
        { onTestFinished: (end) => ends.push(end) },
        {
          aws: { region: 'us-east-1', endpoint: url, stsEndpoint: url, maxAttempts: 1 },
          cloudwatch: { metrics: '*', endpoint: url, ...(typeof cloudwatch === 'object' ? cloudwatch : {}) },
          ...config,
        },
        { clock },
      );
      await clock.advance(2_000);
      return Object.assign(daemon, { end: stop });
    },
  };
}
