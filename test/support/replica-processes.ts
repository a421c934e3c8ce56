import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_NAMES } from '../../src/model/vocabulary.ts';
import type { TestScope } from './daemon.ts';
import { createRegisterTable, startDynalite } from './dynalite.ts';
import { ExpositionPage } from './exposition-page.ts';
import type { LogEvent } from './log-lines.ts';
import { freePort } from './loopback-server.ts';
import { startPostgresql } from './postgresql.ts';
import { CLEAN_ENVIRONMENT, type Command, startCommand } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A shared storage as a process of its own. */
interface Engine {
  /** Content of `storage`. */
  readonly storage: Readonly<Record<string, unknown>>;
  signal(signal: NodeJS.Signals): void;
}

/** Shared storages by their kind. They end with the scope. */
export const ENGINES: Readonly<Record<'dynamodb' | 'postgresql', (scope: TestScope) => Promise<Engine>>> = {
  async dynamodb(scope) {
    const { port, signal } = await startDynalite(scope);
    await createRegisterTable(port, 'replicas');
    const storage = { dynamodb: { table: 'replicas', region: 'us-east-1', endpoint: `http://127.0.0.1:${port}` } };
    return { storage, signal };
  },
  async postgresql(scope) {
    const { url, signal } = await startPostgresql(scope);
    return { storage: { postgresql: { url: url('sslmode=disable') } }, signal };
  },
};

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

/** A replica whose processes are started one after another. */
export interface ReplicaProcess {
  readonly id: string;
  /** Starts the first or next process, and resolves when it listens. */
  start(): Promise<void>;
  /** Ends the process, and resolves when it has ended. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Undefined if no reply was received within `timeout` milliseconds. */
  metrics(timeout?: number): Promise<ExpositionPage | undefined>;
  /** Log events of all its processes. */
  log(): LogEvent[];
}

/** A replica on a port of its own, which signs with its ID as the access key. `replicas` is added to its settings. */
export async function replicaProcess(
  scope: TestScope,
  id: string,
  config: Readonly<Record<string, unknown>>,
  replicas: Readonly<Record<string, unknown>> = {},
): Promise<ReplicaProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const file = join(temporaryFolder(scope), `${id}.json`);
  const own = { web: { listenAddresses: [`127.0.0.1:${port}`] }, replicas: { heartbeat: '1s', ...replicas, id, url } };
  writeFileSync(file, JSON.stringify({ ...config, ...own }));
  const ended: LogEvent[] = [];
  let command: Command | undefined;
  return {
    id,
    async start() {
      command = startCommand(scope, ['--config.file', file], { ...CLEAN_ENVIRONMENT, AWS_ACCESS_KEY_ID: id });
      await command.event('listening');
    },
    async end(signal) {
      command?.kill(signal);
      await command?.ended;
      ended.push(...(command?.log() ?? []));
      command = undefined;
    },
    signal: (signal) => command?.kill(signal),
    async metrics(timeout = 2_000) {
      try {
        const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(timeout) });
        return new ExpositionPage(await response.text());
      } catch {
        return undefined;
      }
    },
    log: () => [...ended, ...(command?.log() ?? [])],
  };
}

/** In milliseconds, on a busy machine. */
const LEAD_WITHIN = 60_000;

/** Resolves to the replica that leads, once there is one. */
export async function leaderOf(members: readonly ReplicaProcess[]): Promise<ReplicaProcess> {
  for (const since = Date.now(); Date.now() - since < LEAD_WITHIN; ) {
    const pages = await Promise.all(members.map((each) => each.metrics()));
    const found = members.find((_each, i) => pages[i]?.value('aws_nfm_replica_leader') === 1);
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`no leader within ${LEAD_WITHIN} ms`);
}
