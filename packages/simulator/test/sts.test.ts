import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type { AwsCredentialIdentity } from '@smithy/types';
import { afterEach, expect, test } from 'vitest';
import { parseScenario, type Simulator, startSimulator } from '../src/index.ts';
import { CLOCK_START, createManualClock, type ManualClock } from './manual-clock.ts';
import { expectError, scopedTo, send } from './raw-client.ts';

const ANYBODY = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'whatever' };
const BASE = { accessKeyId: 'AKIABASE000000000001', secretAccessKey: 'base-secret' };
const OTHER = { accessKeyId: 'AKIAOTHER00000000001', secretAccessKey: 'other-secret' };
const SCENARIO = `
accounts:
  - id: "111122223333"
    credentials: [{accessKeyId: ${BASE.accessKeyId}, secretAccessKey: ${BASE.secretAccessKey}, user: exporter}]
  - id: "444455556666"
    credentials: [{accessKeyId: ${OTHER.accessKeyId}, secretAccessKey: ${OTHER.secretAccessKey}}]
  - id: "777788889999"
    roles:
      - {name: open}
      - {name: by-account, trusted: ["111122223333"]}
      - {name: by-user, trusted: ["arn:aws:iam::111122223333:user/exp*"]}
      - {name: by-role, trusted: ["arn:aws:sts::777788889999:assumed-role/open/*"]}
      - {name: secret-handshake, externalId: abc-123}
      - {name: tagged, requiredTags: {purpose: metrics}}
      - {name: pods, webIdentityTokens: [good-token]}
      - {name: brief, sessionDuration: 5s}
`;

let clock: ManualClock;
let simulator: Simulator;

async function start(scenario = ''): Promise<void> {
  clock = createManualClock();
  simulator = await startSimulator({ clock, scenario: parseScenario(scenario) });
}
afterEach(() => simulator.close());

/** The AWS SDK's client with the simulator's clock. */
function sts(credentials: AwsCredentialIdentity = ANYBODY, skew = 0): STSClient {
  const systemClockOffset = clock.now() - Date.now() + skew;
  return new STSClient({
    endpoint: simulator.url,
    region: 'eu-west-1',
    credentials,
    systemClockOffset,
    maxAttempts: 2,
  });
}

const role = (name: string) => `arn:aws:iam::777788889999:role/path/${name}`;

async function assume(name: string, more: Partial<AssumeRoleCommandInput> = {}, credentials = BASE) {
  const input = { RoleArn: role(name), RoleSessionName: 'nfm-exporter', ...more };
  const { Credentials, AssumedRoleUser } = await sts(credentials).send(new AssumeRoleCommand(input));
  const identity = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  return { identity, arn: AssumedRoleUser?.Arn, expiration: Credentials?.Expiration };
}

test('returns a user of account 123456789012 for any caller without a scenario', async () => {
  await start();
  const identity = await sts().send(new GetCallerIdentityCommand({}));
  expect(identity).toMatchObject({
    Account: '123456789012',
    Arn: 'arn:aws:iam::123456789012:user/simulator',
    UserId: expect.stringMatching(/^AIDA[A-Z2-7]{16}$/),
  });
});

test('allows any role without a scenario, with credentials of its account', async () => {
  await start();
  const { identity, arn, expiration } = await assume('any', { DurationSeconds: 900 }, ANYBODY);
  expect(arn).toBe('arn:aws:sts::777788889999:assumed-role/any/nfm-exporter');
  expect(expiration).toEqual(new Date(CLOCK_START + 900_000));
  expect(await sts(identity).send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: '777788889999',
    Arn: arn,
  });
  const { json } = await send(simulator, 'GET', '/monitors/checkout', {
    headers: scopedTo('eu-west-1', identity.accessKeyId),
  });
  expect(json['monitorArn']).toBe('arn:aws:networkflowmonitor:eu-west-1:777788889999:monitor/checkout');
});

test('expires issued credentials even if credentials are not checked', async () => {
  await start();
  const { identity } = await assume('any', { DurationSeconds: 900 }, ANYBODY);
  const list = () => send(simulator, 'GET', '/monitors', { headers: scopedTo('eu-west-1', identity.accessKeyId) });
  clock.advance(899_999);
  expect((await list()).status).toBe(200);
  clock.advance(1);
  expectError(await list(), 'ExpiredTokenException', 403);
  await expect(sts(identity).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'ExpiredToken' });
});

test('checks signatures if the scenario has credentials', async () => {
  await start(SCENARIO);
  const who = (credentials: AwsCredentialIdentity) => sts(credentials).send(new GetCallerIdentityCommand({}));
  expect(await who(BASE)).toMatchObject({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/exporter' });
  await expect(who(ANYBODY)).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
    $metadata: { httpStatusCode: 403 },
  });
  const wrong = { ...BASE, secretAccessKey: 'wrong' };
  await expect(who(wrong)).rejects.toMatchObject({ name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403 } });
  const { status, text } = await send(simulator, 'POST', '/', { body: 'Action=GetCallerIdentity' });
  expect(status).toBe(403);
  expect(text).toContain('<Code>MissingAuthenticationToken</Code>');
});

test('lets a client correct its clock by the date of the response', async () => {
  await start(SCENARIO);
  expect(await sts(BASE, 3_600_000).send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '111122223333' });
});

test.each<[string, string, Partial<AssumeRoleCommandInput>]>([
  ['anyone', 'open', {}],
  ['an account it trusts', 'by-account', {}],
  ['a user it trusts', 'by-user', {}],
  ['who knows the external id', 'secret-handshake', { ExternalId: 'abc-123' }],
  [
    'who sends its tags',
    'tagged',
    {
      Tags: [
        { Key: 'x', Value: 'y' },
        { Key: 'purpose', Value: 'metrics' },
      ],
    },
  ],
])('allows %s to assume a role', async (_, name, more) => {
  await start(SCENARIO);
  const { identity, arn } = await assume(name, more);
  expect(await sts(identity).send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: '777788889999',
    Arn: arn,
  });
});

test.each<[string, string, Partial<AssumeRoleCommandInput>, typeof BASE]>([
  ['of another account', 'by-account', {}, OTHER],
  ['who is another user', 'by-user', {}, OTHER],
  ['that is not a role', 'by-role', {}, BASE],
  ['without the external id', 'secret-handshake', {}, BASE],
  ['with another external id', 'secret-handshake', { ExternalId: 'abc-124' }, BASE],
  ['without tags', 'tagged', {}, BASE],
  ['with other tags', 'tagged', { Tags: [{ Key: 'purpose', Value: 'fun' }] }, BASE],
  ['who wants what is not there', 'no-such-role', {}, BASE],
])('does not allow a principal %s to assume a role', async (_, name, more, credentials) => {
  await start(SCENARIO);
  await expect(assume(name, more, credentials)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining(`on resource: ${role(name)}`),
    $metadata: { httpStatusCode: 403 },
  });
});

test('allows a role to assume another role', async () => {
  await start(SCENARIO);
  const { identity } = await assume('open');
  const second = await assume('by-role', {}, identity);
  expect(second.arn).toBe('arn:aws:sts::777788889999:assumed-role/by-role/nfm-exporter');
});

test('issues credentials that are valid for seconds', async () => {
  await start(SCENARIO);
  const { identity, expiration } = await assume('brief');
  expect(expiration).toEqual(new Date(CLOCK_START + 5000));
  clock.advance(5000);
  await expect(sts(identity).send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({ name: 'ExpiredToken' });
  // New ones are valid.
  const again = await assume('brief');
  expect(await sts(again.identity).send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: '777788889999' });
});

test('accepts a web identity with a token and without a signature', async () => {
  await start(SCENARIO);
  const client = new STSClient({ endpoint: simulator.url, region: 'eu-west-1', maxAttempts: 1 });
  const assumeWith = (WebIdentityToken: string, name = 'pods') =>
    client.send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn: role(name), RoleSessionName: 'pod-1', WebIdentityToken }),
    );
  const { Credentials, AssumedRoleUser } = await assumeWith('good-token');
  expect(AssumedRoleUser?.Arn).toBe('arn:aws:sts::777788889999:assumed-role/pods/pod-1');
  expect(Credentials?.Expiration).toEqual(new Date(CLOCK_START + 3_600_000));
  await expect(assumeWith('bad-token')).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  await expect(assumeWith('any-token', 'open')).resolves.toMatchObject({ Credentials: {} });
});

test.each<[string, Partial<AssumeRoleCommandInput>]>([
  ['roleArn', { RoleArn: 'arn:aws:iam::777788889999:user/open' }],
  ['roleSessionName', { RoleSessionName: 'no spaces' }],
  ['externalId', { ExternalId: '?' }],
  ['durationSeconds', { DurationSeconds: 899 }],
  ['durationSeconds', { DurationSeconds: 43_201 }],
  ['tags', { Tags: [{ Key: '', Value: 'x' }] }],
])('returns a ValidationError for an invalid %s', async (member, more) => {
  await start(SCENARIO);
  await expect(assume('open', more)).rejects.toMatchObject({
    name: 'ValidationError',
    message: expect.stringContaining(`'${member}'`),
    $metadata: { httpStatusCode: 400 },
  });
});

test('escapes texts in XML, and rejects unknown actions', async () => {
  await start();
  const { status, text } = await send(simulator, 'POST', '/', { body: 'Action=%3Cb%3E%26' });
  expect(status).toBe(400);
  expect(text).toContain('<Code>InvalidAction</Code><Message>Could not find operation &lt;b&gt;&amp;</Message>');
});
