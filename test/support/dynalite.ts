import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { TestScope } from './daemon.ts';
import { freePort } from './loopback-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** DynamoDB as a process on the loopback address, with its data in files. */
export interface Dynalite {
  readonly port: number;
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
}

/** Clients write into the credentials that they are given: give them a copy. */
export const TEST_CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test' };

/** Starts dynalite; it ends with the scope. */
export async function startDynalite(scope: TestScope): Promise<Dynalite> {
  const program = fileURLToPath(new URL('cli.js', import.meta.resolve('dynalite')));
  const port = await freePort();
  const flags = [`--port=${port}`, '--host=127.0.0.1', `--path=${temporaryFolder(scope)}`, '--createTableMs=0'];
  let server: ChildProcess | undefined;
  const start = async () => {
    server = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      server?.stdout?.once('data', () => resolve());
      server?.once('exit', () => reject(new Error('dynalite has exited')));
    });
  };
  const kill = async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
    }
  };
  scope.onTestFinished(kill);
  await start();
  return { port, start, kill, signal: (name) => server?.kill(name) };
}

/** Creates an empty table with the keys of registers. */
export async function createRegisterTable(port: number, table: string): Promise<void> {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { ...TEST_CREDENTIALS },
  });
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'partition', AttributeType: 'S' },
        { AttributeName: 'name', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'partition', KeyType: 'HASH' },
        { AttributeName: 'name', KeyType: 'RANGE' },
      ],
    }),
  );
  client.destroy();
}
