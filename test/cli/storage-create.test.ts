import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runCommandHere } from '../support/command-here.ts';
import { startDynalite } from '../support/dynalite.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';
import { startPostgresql } from '../support/postgresql.ts';
import { CLEAN_ENVIRONMENT, runCommand } from '../support/process.ts';
import { openDynamodb, registersOf } from '../support/register-engines.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HERE = { onTestFinished };

function fileOf(config: object): string {
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/**
 * dynalite with the two operations of AWS that it lacks: UpdateTimeToLive, which fails if it is enabled already, and
 * UpdateContinuousBackups, which fails for a moment after the creation of a table.
 */
async function startDynamodb() {
  const { port } = await startDynalite(HERE);
  const calls: string[] = [];
  let expiry: string | undefined;
  let backups = 0;
  const server = createServer((incoming, response) => {
    const operation = String(incoming.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
    let text = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    incoming.on('end', () => {
      calls.push(operation);
      const respond = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
      const refuse = (name: string, message: string) =>
        respond(400, { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });
      if (operation === 'UpdateTimeToLive') {
        const { TimeToLiveSpecification: specification } = JSON.parse(text);
        if (expiry !== undefined) {
          refuse('ValidationException', 'TimeToLive is already enabled');
          return;
        }
        expiry = specification.AttributeName;
        respond(200, { TimeToLiveSpecification: specification });
      } else if (operation === 'UpdateContinuousBackups') {
        backups += 1;
        if (backups === 1) {
          refuse('ContinuousBackupsUnavailableException', 'Backups are being enabled for the table');
          return;
        }
        respond(200, { ContinuousBackupsDescription: { ContinuousBackupsStatus: 'ENABLED' } });
      } else {
        const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers: incoming.headers }, (reply) => {
          response.writeHead(reply.statusCode ?? 0, reply.headers);
          reply.pipe(response);
        });
        outgoing.end(text);
      }
    });
  });
  const endpoint = await listenOnLoopback(HERE, server);
  return { endpoint, calls, expiry: () => expiry };
}

describe('storage create', () => {
  it('creates a table that replicas can use, and changes nothing the second time', async () => {
    const { endpoint, calls, expiry } = await startDynamodb();
    const file = fileOf({ storage: { dynamodb: { table: 'nfm', region: 'us-east-1', endpoint } } });
    const table = 'table nfm in us-east-1';
    expect(await runCommand(HERE, ['storage', 'create', file])).toMatchObject({
      code: 0,
      stdout: `${table}: created\n${table}: expiry of items enabled\n${table}: continuous backups enabled\n`,
      stderr: '',
    });
    expect(expiry()).toBe('expiresAt');
    const { registers } = registersOf(openDynamodb(HERE, endpoint, 'nfm'), 'b');
    await registers.put({ partition: 'default', name: 'leader' }, '{}');

    calls.length = 0;
    expect(await runCommand(HERE, ['storage', 'create', file])).toMatchObject({
      code: 0,
      stdout: `${table}: exists\n${table}: expiry of items is enabled\n${table}: continuous backups enabled\n`,
    });
    expect(calls).toEqual(['DescribeTable', 'DescribeTable', 'UpdateTimeToLive', 'UpdateContinuousBackups']);
    expect(await registers.list('default')).toHaveLength(1);
  }, 60_000);

  it('uses only the operations that iam-policy allows', async () => {
    const { endpoint, calls } = await startDynamodb();
    const file = fileOf({ storage: { dynamodb: { table: 'nfm', region: 'us-east-1', endpoint } } });
    await runCommandHere(['storage', 'create', file]);
    const { stdout } = await runCommandHere(['iam-policy', file]);
    const [{ Action }] = JSON.parse(stdout).storage.create.Statement;
    expect([...new Set(calls)].map((operation) => `dynamodb:${operation}`).toSorted()).toEqual(Action);
  }, 60_000);

  it('creates the registers of a database, and changes nothing the second time', async () => {
    const server = await startPostgresql(HERE);
    const file = fileOf({ storage: { postgresql: { url: `\${URL}` } } });
    const env = { ...CLEAN_ENVIRONMENT, URL: server.url() };
    for (const _ of ['first', 'second']) {
      expect(await runCommandHere(['storage', 'create', file], env)).toMatchObject({
        code: 0,
        stdout: `database postgres at 127.0.0.1:${server.port}: registers exist\n`,
        stderr: '',
      });
      server.sql("INSERT INTO nfm_registers VALUES ('default', 'leader', '{}', 'b/1') ON CONFLICT DO NOTHING");
    }
    expect(server.sql('SELECT count(*) FROM nfm_registers')).toBe('1');
  }, 60_000);

  it.each([
    ['a file without an engine', { storage: { path: 'kept' } }, /got no shared storage, expected storage\.dynamodb or/],
    ['an invalid file', { storage: { dynamodb: {} } }, /^storage\.dynamodb\.table \(line 1\): got nothing/],
    [
      'a database that does not accept connections',
      { storage: { postgresql: { url: 'postgresql://nfm:hunter2@127.0.0.1:1/nfm' } } },
      /ECONNREFUSED/,
    ],
    [
      'an endpoint that does not accept connections',
      { storage: { dynamodb: { table: 'nfm', region: 'us-east-1', endpoint: 'http://127.0.0.1:1' } } },
      /^DescribeTable: NetworkError: .*: check the endpoint and the port/,
    ],
  ])('reports %s in one line', async (_, config, message) => {
    const { code, stdout, stderr } = await runCommandHere(['storage', 'create', fileOf(config)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toContain('hunter2');
  });

  it('refuses a table with other keys', async () => {
    const { endpoint } = await startDynamodb();
    const { DynamoDBClient, CreateTableCommand } = await import('@aws-sdk/client-dynamodb');
    const credentials = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test' };
    const client = new DynamoDBClient({ region: 'us-east-1', endpoint, credentials });
    await client.send(
      new CreateTableCommand({
        TableName: 'nfm',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      }),
    );
    client.destroy();
    const file = fileOf({ storage: { dynamodb: { table: 'nfm', region: 'us-east-1', endpoint } } });
    const { code, stderr } = await runCommandHere(['storage', 'create', file]);
    expect(code).toBe(1);
    expect(stderr).toBe('got a table with the keys id, expected partition, name: use another name\n');
  }, 60_000);
});
