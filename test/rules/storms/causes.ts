import { unlinkSync } from 'node:fs';
import type { Fault, Simulator } from 'network-flow-monitor-simulator';
import type { ReloadedDaemon } from '../../support/reloaded-daemon.ts';
import { fill } from '../../support/small-disk.ts';
import { ACCOUNT_IDS, entry, type Names, setMonitors } from './fleet.ts';

/** What a cause acts on. */
export interface Scene {
  readonly simulator: Simulator;
  readonly names: Names;
  /** Directory of the storage; undefined without one. */
  readonly storage: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  /** Called before each scrape. */
  eachMinute(): void;
  /** Undefined while it is stopped. */
  daemon: ReloadedDaemon | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Cause {
  readonly name: string;
  /** Receiver and alert of each expected notification. */
  readonly notified: readonly string[];
  /** Begins in all accounts and Regions. Returns a function that ends it. */
  begin(scene: Scene): Promise<() => Promise<void> | void> | (() => Promise<void> | void);
  /** Entries of the configuration; by default, some of each kind in all accounts. */
  readonly queries?: readonly object[];
  /** Whether only `npm run long:storms` includes it. */
  readonly onlyLong?: boolean;
  /** Whether there is a storage, on a small disk, which must be mounted. */
  readonly needsDisk?: boolean;
}

const OF_STS = ['AssumeRole', 'GetCallerIdentity'];
const OF_QUERIES = ['*Query*', 'List*'];

export const CAUSES: readonly Cause[] = [
  { name: 'none', notified: [], onlyLong: true, begin: () => () => undefined },
  {
    name: 'credentials expired',
    notified: ['on-call NfmCredentialsRefused'],
    begin: faults(error('ExpiredTokenException', 403)),
  },
  {
    name: 'permission denied',
    notified: ['on-call NfmPermissionDenied'],
    begin: faults(...OF_QUERIES.map((each) => error('AccessDeniedException', 403, each))),
  },
  {
    name: 'STS down',
    notified: ['on-call NfmCredentialsRefused'],
    begin(scene) {
      scene.simulator.expireCredentials(ACCOUNT_IDS.shop);
      return faults(...OF_STS.map((each) => error('ServiceUnavailable', 503, each)))(scene);
    },
  },
  {
    name: 'API down',
    notified: ['operations NfmApiFailing'],
    begin: faults(...OF_QUERIES.map((each) => error('InternalServerException', 500, each))),
  },
  { name: 'throttled', notified: ['operations NfmApiThrottled'], begin: faults(...OF_QUERIES.map(throttle(1))) },
  {
    name: 'partly throttled',
    notified: ['operations NfmApiThrottled'],
    onlyLong: true,
    begin: faults(...OF_QUERIES.map(throttle(0.3))),
  },
  {
    name: 'DNS down',
    notified: ['operations NfmApiFailing'],
    begin({ simulator, names }) {
      names.areResolved = false;
      // Open connections would still work.
      simulator.setFaults([{ kind: 'reset', after: 'request', times: 20 }]);
      return () => {
        names.areResolved = true;
        simulator.setFaults([]);
      };
    },
  },
  {
    name: 'exporter dead',
    notified: ['on-call NfmExporterDown'],
    async begin(scene) {
      await scene.stop();
      return () => scene.start();
    },
  },
  {
    name: 'storage full',
    notified: ['operations NfmStorageNotWritable'],
    needsDisk: true,
    begin(scene) {
      const { storage = '' } = scene;
      const filler = fill(storage);
      // Replaced files free some blocks.
      scene.eachMinute = () => fill(storage);
      return () => {
        scene.eachMinute = () => undefined;
        unlinkSync(filler);
      };
    },
  },
  {
    name: 'invalid reload',
    notified: ['operations NfmReloadFailed'],
    async begin({ daemon, config }) {
      await daemon?.reloadWith('{');
      return async () => {
        await daemon?.reloadWith(config);
      };
    },
  },
  {
    name: 'monitors of selectors deleted',
    notified: ['operations NfmSelectorUnmatched'],
    begin({ simulator }) {
      setMonitors(simulator, 'none');
      return () => setMonitors(simulator, 'all');
    },
  },
  {
    name: 'monitor of entries deleted',
    notified: ['operations NfmScheduledQueryFailing'],
    // Two queries of one account name it.
    queries: [entry('first'), entry('second'), entry('other', 'search')],
    begin({ simulator }) {
      setMonitors(simulator, 'search');
      return () => setMonitors(simulator, 'all');
    },
  },
];

/** Responses of the service until the end of the cause. */
function faults(...list: readonly Fault[]): Cause['begin'] {
  return ({ simulator }) => {
    simulator.setFaults(list);
    return () => simulator.setFaults([]);
  };
}

function error(name: string, status: number, operation = '*'): Fault {
  return { kind: 'error', name, status, match: { operation } };
}

function throttle(rate: number): (operation: string) => Fault {
  return (operation) => ({ kind: 'throttle', rate, match: { operation } });
}
