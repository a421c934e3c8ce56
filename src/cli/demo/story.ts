import type { Fault, Incident, Monitor, Scenario, Simulator } from 'network-flow-monitor-simulator';
import type { Clock } from '../../lib/clock.ts';
import { counted } from '../../lib/text.ts';

export interface StoryOptions {
  readonly clock: Clock;
  readonly simulator: Simulator;
  readonly scenario: Scenario;
  readonly metricsUrl: string;
  /** Appends an entry (YAML) to the demo's configuration file and reloads it. Undefined for a file of the user: no such scene. */
  readonly addQuery: ((entry: string) => Promise<void>) | undefined;
  readonly write: (text: string) => void;
}

/** A story that is being played. */
export type Story = ReturnType<typeof beginStory>;

interface Scene {
  /** Milliseconds from the start of the story. */
  readonly at: number;
  readonly line: string;
  /** Arguments of a `grep` on the metrics that shows the effect. */
  readonly grep: string;
  /** Undefined if an earlier scene has caused the event. */
  readonly act?: (stage: Stage) => void;
}

const SHOP = '111122223333';
const PAYMENTS = '444455556666';
const SECOND_MS = 1_000;
const OVER_AT_MS = 220 * SECOND_MS;

/** In the order of time. The durations in the lines match the demo's configuration and scenario. */
const SCENES: readonly Scene[] = [
  {
    at: 20 * SECOND_MS,
    line: 'The monitor prod-canary is created in shop, us-east-1. Its query appears within 5s, then its contributors.',
    grep: '-c prod-canary',
    act: (stage) => stage.addMonitors('prod-canary'),
  },
  {
    at: 30 * SECOND_MS,
    line: "AWS's network degrades for the monitor checkout. Its flows look alike: all of them lose packets, and none is unusual.",
    grep: "'contributor_retransmissions.*checkout-top'",
    act: (stage) => stage.degradeNetwork('checkout'),
  },
  {
    at: 45 * SECOND_MS,
    line: 'The monitor prod-canary is deleted. Its query and all of its series are removed within 5s.',
    grep: '-c prod-canary',
    act: (stage) => stage.addMonitors(),
  },
  {
    at: 60 * SECOND_MS,
    line: 'The API throttles shop in eu-west-1. Its budget is halved to 5 requests per second within 5s; the others keep 10.',
    grep: "'budget_requests.*account='",
    act(stage) {
      const match = { operation: 'GetQueryStatus*', account: SHOP, region: 'eu-west-1' };
      stage.setFaults({ kind: 'throttle', match, times: 1 });
    },
  },
  {
    at: 80 * SECOND_MS,
    line: 'The credentials of payments expire, and its role cannot be assumed. It is down within 5s; the others are unaffected.',
    grep: "'api_up.*account='",
    act(stage) {
      // The other roles are not assumed again during the story: their credentials are valid for an hour.
      stage.setFaults({ kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'AssumeRole' } });
      stage.expireCredentials(PAYMENTS);
    },
  },
  {
    at: 110 * SECOND_MS,
    line: 'The role of payments can be assumed again. The account recovers within seconds, without a restart.',
    grep: "'api_up.*account='",
    act: (stage) => stage.setFaults(),
  },
  {
    at: 120 * SECOND_MS,
    line: 'The budget of shop in eu-west-1 has recovered, by a hundredth of its limit per second.',
    grep: "'budget_requests.*account='",
  },
  {
    at: 125 * SECOND_MS,
    line: 'The monitor prod-stuck is created. Its query hangs at the service; its timeout is 15s.',
    grep: "'query_status.*prod-stuck.*} 1$'",
    act: (stage) => stage.addMonitors('prod-stuck'),
  },
  {
    at: 150 * SECOND_MS,
    line: 'The query of prod-stuck has timed out. The exporter has stopped it at the service and counted it.',
    grep: "'runs_total.*prod-stuck.*timed_out'",
  },
  {
    at: 160 * SECOND_MS,
    line: 'Three monitors are created, and two starts exceed the quota of the service. The concurrent-run limit is reduced.',
    grep: "-E 'runs_limit.*shop|runs.*shop.*waiting'",
    act(stage) {
      stage.addMonitors('prod-sale-1', 'prod-sale-2', 'prod-sale-3');
      stage.setFaults({
        kind: 'error',
        name: 'ServiceQuotaExceededException',
        status: 402,
        match: { operation: 'StartQuery*', account: SHOP, region: 'us-east-1', monitorName: 'prod-sale-*' },
        times: 2,
      });
    },
  },
  {
    at: 170 * SECOND_MS,
    line: "The health indicator of checkout shows that the cause is AWS's network. It took two minutes: points have a delay.",
    grep: "'monitor_health_degraded.*} 1$'",
    act: (stage) => stage.endIncidents(),
  },
  {
    at: 205 * SECOND_MS,
    line: 'The two queries run after a pause, within the limit, and none fails. The limit recovers by one per minute.',
    grep: "-E 'runs_total.*prod-sale.*(succeeded|failed)|runs_limit.*shop'",
  },
];

const RELOAD_SCENE: Scene = {
  at: 185 * SECOND_MS,
  line: 'A query is added to the configuration file, which is reloaded as on SIGHUP. It runs at once; no counter is reset.',
  grep: "-E 'runs_total.*payments-(retransmissions|top-flows).*succeeded'",
  act: (stage) =>
    stage.addQuery(
      '{ name: payments-retransmissions, account: payments, type: workload-insights-top-contributors, ' +
        'scopeId: payments-scope, metricName: RETRANSMISSIONS, destinationCategory: INTER_AZ, ' +
        'schedule: { every: 1m, delay: 0s } }',
    ),
};

/** Starts to play the scenes. The scenario's own faults are disabled until the end, so that all effects are those of scenes. */
export function beginStory(options: StoryOptions) {
  const { clock, simulator, scenario, metricsUrl, addQuery, write } = options;
  const stage = stageOf(options);
  stage.setFaults();
  const scenes = addQuery === undefined ? SCENES : [...SCENES, RELOAD_SCENE];
  const cancels = scenes.map(({ at, line, grep, act }) =>
    clock.setTimer(at, () => {
      act?.(stage);
      write(`[${minutes(at)}] ${line} Try: curl -s ${metricsUrl} | grep ${grep}\n`);
    }),
  );
  const end = clock.setTimer(OVER_AT_MS, () => {
    stage.addMonitors();
    stage.setFaults(...scenario.faults);
    simulator.setIncidents(scenario.incidents);
    const over =
      'The story is over, and the demo continues. Press Ctrl-C to exit, which stops all queries at the service.';
    write(`[${minutes(OVER_AT_MS)}] ${over}\n`);
  });
  let runningAtEnd = 0;
  return {
    /** Cancels the remaining scenes. Called when the daemon receives a signal. */
    end() {
      for (const cancel of [...cancels, end]) {
        cancel();
      }
      runningAtEnd = simulator.runningQueries().length;
    },
    /** Prints how many queries still run at the service after the shutdown of the daemon. */
    printRemaining() {
      const count = (queries: number) => counted(queries, 'query', 'queries');
      const remaining = count(simulator.runningQueries().length);
      write(
        `At the signal, ${count(runningAtEnd)} ran at the service; after the shutdown of the exporter, ${remaining}.\n`,
      );
    },
  };
}

type Stage = ReturnType<typeof stageOf>;

/** The possible changes of scenes. Each call undoes the change of the call before it. */
function stageOf({ simulator, scenario, addQuery, write }: StoryOptions) {
  const region = 'us-east-1';
  let degradation: Incident | undefined;
  const monitors = scenario.accounts.find(({ id }) => id === SHOP)?.regions?.get(region)?.monitors ?? [];
  return {
    /** Adds ACTIVE monitors to those of the scenario in `SHOP` and us-east-1. */
    addMonitors(...names: readonly string[]) {
      const added = names.map((name): Monitor => ({ name, status: 'ACTIVE', tags: new Map() }));
      simulator.setMonitors(SHOP, region, [...monitors, ...added]);
    },
    /** Degrades AWS's network for a monitor of `SHOP` in us-east-1, from now on. */
    degradeNetwork(monitorName: string) {
      const match = { account: SHOP, region, monitorName };
      degradation = { kind: 'awsNetwork', match, from: simulator.elapsed() };
      simulator.setIncidents([degradation]);
    },
    /** Ends the degradation now. Its past stays as it was. */
    endIncidents() {
      simulator.setIncidents(degradation ? [{ ...degradation, until: simulator.elapsed() }] : []);
    },
    setFaults: (...faults: readonly Fault[]) => simulator.setFaults(faults),
    expireCredentials: (account: string) => simulator.expireCredentials(account),
    addQuery(entry: string) {
      addQuery?.(entry).catch((error: unknown) => write(`cannot add the query: ${String(error)}\n`));
    },
  };
}

/** Formats milliseconds as minutes and seconds (for example, 1:05). */
export function minutes(milliseconds: number): string {
  const seconds = milliseconds / SECOND_MS;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
