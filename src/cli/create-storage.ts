import { OtherTableError, setUpTable } from '../aws/dynamodb/table-setup.ts';
import { ApiError } from '../aws/errors.ts';
import { BoundedHandler } from '../aws/network/bounded-handler.ts';
import { createNetwork } from '../aws/network/network.ts';
import { NetworkConfigError } from '../aws/network/proxy-routes.ts';
import { ConfigError, createProblem } from '../config/reading/problem.ts';
import type { Clock } from '../lib/clock.ts';
import { printable } from '../lib/text.ts';
import { TABLE_KEYS } from '../persistence/registers/dynamodb.ts';
import { type EngineOptions, openEngine, tableOptions } from '../persistence/registers/open-engine.ts';
import { loadConfigFile } from '../queries/load.ts';
import { EngineRegisters } from '../replicas/engine-registers.ts';
import { RegisterError } from '../replicas/registers.ts';
import type { ConfigCommandOptions } from './check/check-config.ts';
import { explainFailure } from './error-advice.ts';

export interface CreateStorageOptions extends ConfigCommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly clock: Clock;
}

/** Time limit for a database, in milliseconds. */
const DATABASE_MS = 30_000;

/** Creates the table or the registers of a config file, unless they exist. Returns the exit code: 0, or 1 after an error. */
export async function createStorage(options: CreateStorageOptions): Promise<number> {
  const { env, version, clock, stderr } = options;
  try {
    const { config } = await loadConfigFile(options);
    const network = createNetwork({ env, clock });
    try {
      const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
      await create({ config, handler, clock, env, version }, options);
      return 0;
    } finally {
      network.close();
    }
  } catch (error) {
    stderr.write(`${printable(reasonOf(error))}\n`);
    return 1;
  }
}

async function create(engine: EngineOptions, { file, stdout }: CreateStorageOptions): Promise<void> {
  const { dynamodb } = engine.config.storage;
  const report = (what: string) => stdout.write(`${printable(what)}\n`);
  if (dynamodb !== undefined) {
    const name = `table ${dynamodb.table} in ${dynamodb.region}`;
    const steps = { keys: TABLE_KEYS, clock: engine.clock, report: (step: string) => report(`${name}: ${step}`) };
    await setUpTable({ ...tableOptions(dynamodb, engine), ...steps });
    return;
  }
  const opened = openEngine(engine);
  if (opened === undefined) {
    const expected = 'storage.dynamodb or storage.postgresql; storage.path is created at start';
    throw new ConfigError([createProblem(file, undefined, 'no shared storage', expected)]);
  }
  try {
    const calls = { boot: 'storage create', timeout: DATABASE_MS, ended: () => undefined };
    // A new session creates the registers.
    await new EngineRegisters({ engine: opened, clock: engine.clock, ...calls }).list('none');
    report(`${opened.description}: registers exist`);
  } finally {
    await opened.close();
  }
}

/** @throws any other error unchanged */
function reasonOf(error: unknown): string {
  if (error instanceof ApiError) {
    return explainFailure(error);
  }
  for (const type of [ConfigError, NetworkConfigError, OtherTableError, RegisterError]) {
    if (error instanceof type) {
      return error.message;
    }
  }
  throw error;
}
