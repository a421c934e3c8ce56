import { lstatSync, readFileSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { type Service, serve } from '../support/canned-service.ts';
import { runCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { CREDENTIALS, observedClient } from './status-service.ts';

const INSTALLED = `${PROJECT}node_modules/@aws-sdk/client-networkflowmonitor`;
/** npm links the workspace, and copies AWS's package. */
const isStandIn = lstatSync(INSTALLED).isSymbolicLink();
const { name, version }: { name: string; version: string } = JSON.parse(
  readFileSync(`${INSTALLED}/package.json`, 'utf8'),
);
/** What a client sends of itself. The stand-in has a version of its own there, so that it does not pass for AWS's. */
const SENT = ` api/networkflowmonitor#${isStandIn ? '0.1.0' : version} `;

function userAgents({ received }: Service): readonly unknown[] {
  return received.map(({ headers }) => headers['user-agent']);
}

it('is the one that --version prints', async (scope) => {
  const { stdout } = await runCommand(scope, ['--version']);
  expect(stdout).toContain(`, ${isStandIn ? 'stand-in for ' : ''}${name} ${version})\n`);
});

it('is the one that tests load', async () => {
  const service = await serve({ body: { status: 'RUNNING' } });
  const { client, close } = observedClient(service.url);
  onTestFinished(close);
  await client.queryStatus(watchedQuery(), AbortSignal.timeout(30_000));
  expect(userAgents(service)).toEqual([expect.stringContaining(SENT)]);
});

it('is the one that the built command loads', async (scope) => {
  const service = await serve({ body: { status: 'FAILED' } });
  const query = ['--monitor-name=Demo', '--query-id=q', '--region=eu-west-1', `--endpoint=${service.url}`];
  const { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY } = CREDENTIALS;
  await runCommand(scope, ['query', 'watch', ...query], { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
  expect(userAgents(service)).toEqual([expect.stringContaining(SENT)]);
});
