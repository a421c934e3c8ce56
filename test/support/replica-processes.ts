import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MetricGroup } from '../../src/metrics/families.ts';
import { METRIC_NAMES } from '../../src/model/vocabulary.ts';
import type { TestScope } from './daemon.ts';
import { createRegisterTable, startDynalite } from './dynalite.ts';
import { ExpositionPage, metricsPath } from './exposition-page.ts';
import type { LogEvent } from './log-lines.ts';
import { freePort } from './loopback-server.ts';
import type { NetworkHost } from './network-namespaces.ts';
import { startPostgresql } from './postgresql.ts';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A shared storage as a process of its own. */
interface Engine {
  /** Port of the loopback address. */
  readonly port: number;
  /** Content of `storage`. */
  readonly storage: Readonly<Record<string, unknown>>;
  /** As `storage`, on another `HOST:PORT` that forwards to the port. */
  storageAt(address: string): Readonly<Record<string, unknown>>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it. */
  stop(): Promise<void>;
  /** Starts it again with its content. */
  start(): Promise<void>;
}

/** Shared storages by their kind. They end with the scope. */
export const ENGINES: Readonly<Record<'dynamodb' | 'postgresql', (scope: TestScope) => Promise<Engine>>> = {
  async dynamodb(scope) {
    const { port, signal, kill, start } = await startDynalite(scope);
    await createRegisterTable(port, 'replicas');
    const storageAt = (address: string) => ({
      dynamodb: { table: 'replicas', region: 'us-east-1', endpoint: `http://${address}` },
    });
    return { port, storage: storageAt(`127.0.0.1:${port}`), storageAt, signal, stop: kill, start };
  },
  async postgresql(scope) {
    const { port, url, signal, stop, start } = await startPostgresql(scope);
    const storageAt = (address: string) => ({
      postgresql: { url: url('sslmode=disable').replace(`127.0.0.1:${port}`, address) },
    });
    return { port, storage: storageAt(`127.0.0.1:${port}`), storageAt, signal, stop, start };
  },
};

/** Port of exporters on hosts of their own. */
const HOST_PORT = 10_049;

/** Queries of each metric and category of monitors, 28 for each. */
export function queriesOf(monitors: readonly string[], schedule: Readonly<Record<string, string>>) {
  return monitors.map((monitorName) => ({
    name: monitorName,
    monitorName,
    metricName: METRIC_NAMES,
    destinationCategory: '*',
    schedule,
  }));
}

/** An exporter whose processes are started one after another. */
export interface ReplicaProcess {
  readonly id: string;
  readonly url: string;
  /** Starts the first or next process, and resolves when it listens. */
  start(): Promise<void>;
  /** Ends the process, and resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** All metrics, or those of some groups. Undefined if no reply was received within `timeout` milliseconds. */
  metrics(timeout?: number, ...groups: readonly MetricGroup[]): Promise<ExpositionPage | undefined>;
  /** Whether its process leads, by its log. */
  leads(): boolean;
  /** Log events of all its processes. */
  log(): LogEvent[];
}

/** Where a process runs. */
interface Place {
  /** The loopback address by default. */
  readonly host?: NetworkHost | undefined;
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A replica on a port of its own, which signs with its ID as the access key. `replicas` is added to its settings. */
export async function replicaProcess(
  scope: TestScope,
  id: string,
  config: Readonly<Record<string, unknown>>,
  replicas: Readonly<Record<string, unknown>> = {},
  place: Place = {},
): Promise<ReplicaProcess> {
  const { host } = place;
  const address = host === undefined ? `127.0.0.1:${await freePort()}` : `${host.address}:${HOST_PORT}`;
  const settings = { heartbeat: '1s', ...replicas, id, url: `http://${address}` };
  return exporterProcess(scope, id, { ...config, replicas: settings }, address, place);
}

/** An exporter that listens on `HOST:PORT`, and signs with its ID as the access key. */
export function exporterProcess(
  scope: TestScope,
  id: string,
  config: Readonly<Record<string, unknown>>,
  address: string,
  { host, env = {} }: Place = {},
): ReplicaProcess {
  const file = join(temporaryFolder(scope), `${id}.json`);
  writeFileSync(file, JSON.stringify({ ...config, web: { listenAddresses: [address] } }));
  const ended: LogEvent[] = [];
  let command: Command | undefined;
  const page = async (timeout: number, groups: readonly MetricGroup[]) => {
    const url = `http://${address}${metricsPath(groups)}`;
    return host === undefined
      ? (await fetch(url, { signal: AbortSignal.timeout(timeout) })).text()
      : host.text(url, timeout);
  };
  return {
    id,
    url: `http://${address}`,
    async start() {
      const variables = { ...CLEAN_ENVIRONMENT, AWS_ACCESS_KEY_ID: id, ...env };
      const args = ['--config.file', file, '--web.enable-admin-api', '--web.enable-unauthenticated-admin-api'];
      command = startCommand(scope, args, variables, undefined, { through: host?.through ?? [] });
      await command.event('listening');
    },
    async end(signal) {
      const ending = command;
      command = undefined;
      ending?.kill(signal);
      await ending?.ended;
      ended.push(...(ending?.log() ?? []));
    },
    signal: (signal) => command?.kill(signal),
    async metrics(timeout = 2_000, ...groups) {
      try {
        return new ExpositionPage(await page(timeout, groups));
      } catch {
        return undefined;
      }
    },
    leads() {
      const text = command?.stderr() ?? '';
      return text.lastIndexOf('msg="replica leads"') > text.lastIndexOf('msg="replica no longer leads"');
    },
    log: () => [...ended, ...(command?.log() ?? [])],
  };
}

/** In milliseconds, on a busy machine. */
const LEAD_WITHIN = 60_000;

/** Resolves to the replica that leads, once there is one. Of several, only the one with the highest epoch does. */
export async function leaderOf(members: readonly ReplicaProcess[]): Promise<ReplicaProcess> {
  for (const since = Date.now(); Date.now() - since < LEAD_WITHIN; ) {
    const pages = await Promise.all(members.map((each) => each.metrics(2_000, 'exporter')));
    const epochs = pages.map((page) =>
      page?.value('aws_nfm_replica_leader') === 1 ? (page.value('aws_nfm_replica_epoch') ?? 0) : 0,
    );
    const highest = Math.max(...epochs);
    const found = highest > 0 ? members[epochs.indexOf(highest)] : undefined;
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no leader within ${LEAD_WITHIN} ms`);
}
