import type { Fault, Monitor, Scenario, Simulator } from 'network-flow-monitor-simulator';
import type { Clock } from '../../lib/clock.ts';

export interface StoryOptions {
  readonly clock: Clock;
  readonly simulator: Simulator;
  /** What the simulator was started with. */
  readonly scenario: Scenario;
  /** Where the exporter's metrics are. */
  readonly metricsUrl: string;
  /**
   * Appends an entry (YAML) to the demo's config file and reloads it. Undefined where the file is the user's, which is left
   * alone: then there is no scene of that.
   */
  readonly addQuery: ((entry: string) => Promise<void>) | undefined;
  readonly write: (text: string) => void;
}

/** A story that is being told. */
export interface Story {
  /** Plays no more scenes: for the moment in which the daemon is told to end. */
  end(): void;
  /** Tells what the daemon, which has ended, has left running at the service. */
  tellRemains(): void;
}

/** What scenes can change. Each call takes back what the one before it has changed. */
interface Stage {
  /** Adds ACTIVE monitors to those of the scenario in `SHOP` and us-east-1. */
  addMonitors(...names: readonly string[]): void;
  /** Makes these all the faults there are. */
  setFaults(...faults: readonly Fault[]): void;
  /** Makes all credentials that an account's roles have given expire now. */
  expireCredentials(account: string): void;
  /** Adds an entry of the config file, and has that reloaded. */
  addQuery(entry: string): void;
}

interface Scene {
  /** Milliseconds from the begin of the story. */
  readonly at: number;
  /** What happens, in one line. */
  readonly line: string;
  /** Arguments of a `grep` on the metrics that shows it. */
  readonly grep: string;
  /** Where it is absent, an earlier scene takes its course. */
  readonly act?: (stage: Stage) => void;
}

const SHOP = '111122223333';
const PAYMENTS = '444455556666';
const SECOND_MS = 1_000;
const OVER_AT_MS = 220 * SECOND_MS;

/** In the order of time. The durations in the lines are those of the demo's config and scenario. */
const SCENES: readonly Scene[] = [
  {
    at: 20 * SECOND_MS,
    line: 'A monitor appears in shop, us-east-1: prod-canary. Within 5s its query is there, then its contributors.',
    grep: '-c prod-canary',
    act: (stage) => stage.addMonitors('prod-canary'),
  },
  {
    at: 45 * SECOND_MS,
    line: 'prod-canary is deleted: within 5s its query and every one of its series are gone.',
    grep: '-c prod-canary',
    act: (stage) => stage.addMonitors(),
  },
  {
    at: 60 * SECOND_MS,
    line: 'The API throttles shop in eu-west-1: within 5s the budget there is halved to 5 requests a second; others keep 10.',
    grep: "'budget_requests.*account='",
    act: (stage) => stage.setFaults({ kind: 'throttle', match: { account: SHOP, region: 'eu-west-1' }, times: 1 }),
  },
  {
    at: 80 * SECOND_MS,
    line: 'The credentials of payments expire and its role gives no new ones: it is down within 5s, the others go on.',
    grep: "'api_up.*account='",
    act(stage) {
      // The other roles are not assumed anew during the story: their credentials live an hour.
      stage.setFaults({ kind: 'error', name: 'AccessDenied', status: 403, match: { operation: 'AssumeRole' } });
      stage.expireCredentials(PAYMENTS);
    },
  },
  {
    at: 110 * SECOND_MS,
    line: 'The role of payments may be assumed again: it recovers within seconds, nothing needs a restart.',
    grep: "'api_up.*account='",
    act: (stage) => stage.setFaults(),
  },
  {
    at: 120 * SECOND_MS,
    line: 'The budget of shop in eu-west-1 has grown back, by a hundredth of its limit each second.',
    grep: "'budget_requests.*account='",
  },
  {
    at: 125 * SECOND_MS,
    line: 'The monitor prod-stuck appears; its query hangs at the service and may take 15s.',
    grep: "'query_status.*prod-stuck.*} 1$'",
    act: (stage) => stage.addMonitors('prod-stuck'),
  },
  {
    at: 150 * SECOND_MS,
    line: 'The query of prod-stuck has timed out; the exporter has stopped it at the service and counted it.',
    grep: "'runs_total.*prod-stuck.*timed_out'",
  },
  {
    at: 160 * SECOND_MS,
    line: 'Three monitors appear at once and the service refuses two starts for its quota: the run cap is lowered.',
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
    at: 205 * SECOND_MS,
    line: 'The refused queries run after a pause, as there is room, and none fails; the cap grows back by one a minute.',
    grep: "-E 'runs_total.*prod-sale.*(succeeded|failed)|runs_limit.*shop'",
  },
];

const RELOAD_SCENE: Scene = {
  at: 185 * SECOND_MS,
  line: 'The config file gets one more query and is reloaded, as at SIGHUP: it runs at once, and no counter begins anew.',
  grep: "-E 'runs_total.*payments-(retransmissions|top-flows).*succeeded'",
  act: (stage) =>
    stage.addQuery(
      '{ name: payments-retransmissions, account: payments, type: workload-insights-top-contributors, ' +
        'scopeId: payments-scope, metricName: RETRANSMISSIONS, destinationCategory: INTER_AZ, ' +
        'schedule: { every: 1m, delay: 0s } }',
    ),
};

/**
 * Begins to play the scenes on `clock`. Until the story is over, the scenario's own faults are switched off, so that what
 * is seen is the scenes' work.
 */
export function beginStory(options: StoryOptions): Story {
  const { clock, simulator, scenario, metricsUrl, addQuery, write } = options;
  const stage = stageOf(options);
  stage.setFaults();
  const scenes = addQuery === undefined ? SCENES : [...SCENES, RELOAD_SCENE];
  const cancels = scenes.map(({ at, line, grep, act }) =>
    clock.setTimer(at, () => {
      act?.(stage);
      write(`[${minutes(at)}] ${line} Look: curl -s ${metricsUrl} | grep ${grep}\n`);
    }),
  );
  cancels.push(
    clock.setTimer(OVER_AT_MS, () => {
      stage.addMonitors();
      stage.setFaults(...scenario.faults);
      write(
        `[${minutes(OVER_AT_MS)}] The story is over, the demo goes on. Ctrl-C or SIGTERM ends it: what runs at the service is stopped.\n`,
      );
    }),
  );
  let runningAtEnd = 0;
  return {
    end() {
      for (const cancel of cancels) {
        cancel();
      }
      runningAtEnd = simulator.runningQueries().length;
    },
    tellRemains() {
      const left = simulator.runningQueries();
      write(
        `Told to end while it had ${count(runningAtEnd)} running at the service, the exporter has left ${count(left.length)} there.\n`,
      );
    },
  };
}

function stageOf({ simulator, scenario, addQuery, write }: StoryOptions): Stage {
  const region = 'us-east-1';
  const monitors = scenario.accounts.find(({ id }) => id === SHOP)?.regions?.get(region)?.monitors ?? [];
  return {
    addMonitors: (...names) => simulator.setMonitors(SHOP, region, [...monitors, ...names.map(activeMonitor)]),
    setFaults: (...faults) => simulator.setFaults(faults),
    expireCredentials: (account) => simulator.expireCredentials(account),
    addQuery(entry) {
      addQuery?.(entry).catch((error: unknown) => write(`No query is added: ${String(error)}\n`));
    },
  };
}

function activeMonitor(name: string): Monitor {
  return { name, status: 'ACTIVE', tags: new Map() };
}

/** Such as 1:05. */
function minutes(milliseconds: number): string {
  const seconds = milliseconds / SECOND_MS;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function count(queries: number): string {
  return queries === 1 ? '1 query' : `${queries} queries`;
}
