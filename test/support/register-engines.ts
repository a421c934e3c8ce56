import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { createNetwork } from '../../src/aws/network/network.ts';
import { parsePostgresqlUrl } from '../../src/config/postgresql-url.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { dynamodbEngine } from '../../src/persistence/registers/dynamodb.ts';
import { postgresqlEngine } from '../../src/persistence/registers/postgresql.ts';
import { type EngineCall, EngineRegisters } from '../../src/replicas/engine-registers.ts';
import type { RegisterEngine } from '../../src/replicas/registers.ts';
import type { TestScope } from './daemon.ts';
import { createRegisterTable, startDynalite, TEST_CREDENTIALS } from './dynalite.ts';
import { startPostgresql } from './postgresql.ts';

/** A database with empty registers. */
export interface EngineServer {
  readonly port: number;
  /** Opens an engine of its own until the scope ends, on the database or on a proxy of it. */
  open(scope: TestScope, port?: number): RegisterEngine;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

export const TABLE = 'nfm-exporter';

/** Starts the engines that users can configure, by their kind. They end with the scope. */
export const ENGINE_SERVERS: Readonly<Record<string, (scope: TestScope) => Promise<EngineServer>>> = {
  async dynamodb(scope) {
    const dynalite = await startDynalite(scope);
    await createRegisterTable(dynalite.port, TABLE);
    return { ...dynalite, open: (until, port = dynalite.port) => openDynamodb(until, `http://127.0.0.1:${port}`) };
  },
  async postgresql(scope) {
    const server = await startPostgresql(scope);
    return {
      ...server,
      open: (until, port) => openPostgresql(until, server.url('sslmode=disable', port)),
    };
  },
};

export function openDynamodb(scope: TestScope, endpoint: string, table = TABLE): RegisterEngine {
  const network = createNetwork({ env: {} });
  const handler = new BoundedHandler({ network, clock: systemClock, timeout: 10_000 });
  const credentials = {
    get: async () => ({ ...TEST_CREDENTIALS }),
    accepted: () => undefined,
    refused: () => undefined,
  };
  scope.onTestFinished(() => network.close());
  return dynamodbEngine({ table, region: 'us-east-1', endpoint, credentials, handler, version: 'test' });
}

export function openPostgresql(scope: TestScope, url: string, env: NodeJS.ProcessEnv = {}): RegisterEngine {
  const address = parsePostgresqlUrl(url);
  if (address === undefined) {
    throw new Error(`not a URL of a database: ${url}`);
  }
  const engine = postgresqlEngine(address, env);
  scope.onTestFinished(() => engine.close());
  return engine;
}

/** Registers of one process, with the calls that have ended. */
export function registersOf(engine: RegisterEngine, boot: string, timeout = 10_000) {
  const calls: EngineCall[] = [];
  const registers = new EngineRegisters({
    engine,
    clock: systemClock,
    boot,
    timeout,
    ended: (call) => calls.push(call),
  });
  return {
    registers,
    calls,
    outcomes: () => calls.map(({ operation, failure }) => (failure ? `${operation} ${failure}` : operation)),
  };
}
