import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { AccountCredentials } from '../../src/aws/credentials/account-credentials.ts';
import { callerIdentity } from '../../src/aws/credentials/identity.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { setAwsEnvironment } from '../support/daemon.ts';
import { runSimulator, type SimulatedService } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { networkFor } from './local-network.ts';

const MINUTE = 60_000;
const BASE = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const ROLE_ARN = 'arn:aws:iam::111122223333:role/nfm-read';
const ACCOUNTS = [{ id: '111122223333', credentials: [{ ...BASE, user: 'base' }], roles: [{ name: 'nfm-read' }] }];

/** An STS that verifies signatures, `ahead` milliseconds ahead of this machine's clock. */
function serveAhead(ahead: () => number): Promise<SimulatedService> {
  const clock = { ...systemClock, now: () => Date.now() + ahead() };
  return runSimulator({ onTestFinished }, { accounts: ACCOUNTS }, { clock });
}

function settingsFor(url: string) {
  const handler = new BoundedHandler({ network: networkFor({}), clock: systemClock, timeout: 5_000 });
  return { handler, region: 'eu-west-1', endpoint: url };
}

/** Writes AWS files in which `through-role` assumes the role with the base credentials. */
function useProfiles(): void {
  const folder = temporaryFolder({ onTestFinished });
  const file = join(folder, 'config');
  writeFileSync(
    file,
    [
      '[profile base]',
      `aws_access_key_id = ${BASE.accessKeyId}`,
      `aws_secret_access_key = ${BASE.secretAccessKey}`,
      '[profile through-role]',
      `role_arn = ${ROLE_ARN}`,
      'source_profile = base',
      'region = eu-west-1',
    ].join('\n'),
  );
  setAwsEnvironment({ AWS_CONFIG_FILE: file });
}

const NO_SIGNAL = new AbortController().signal;

describe.each([
  ['an hour behind', 60 * MINUTE],
  ['six minutes behind', 6 * MINUTE],
  ['two days ahead', -2 * 24 * 60 * MINUTE],
])('with a clock that is %s', (_, ahead) => {
  afterEach(() => setAwsEnvironment({}));

  test('provides credentials of a profile with a role on each call', async () => {
    useProfiles();
    const { url, requests } = await serveAhead(() => ahead);
    for (let time = 1; time <= 2; time += 1) {
      const credentials = new AccountCredentials(systemClock).of(
        { profile: 'through-role', role: undefined },
        settingsFor(url),
      );
      expect(await credentials.get('here')).toMatchObject({ sessionToken: expect.any(String) });
      expect(requests.map(({ operation, status }) => [operation, status]).slice(-2)).toEqual([
        ['AssumeRole', 403],
        ['AssumeRole', 200],
      ]);
    }
  });

  test('provides credentials of a role, and its identity', async () => {
    setAwsEnvironment({ AWS_ACCESS_KEY_ID: BASE.accessKeyId, AWS_SECRET_ACCESS_KEY: BASE.secretAccessKey });
    const { url } = await serveAhead(() => ahead);
    const sts = settingsFor(url);
    const role = { arn: ROLE_ARN, sessionName: 'exporter', externalId: undefined, sessionTags: {} };
    const credentials = new AccountCredentials(systemClock).of({ profile: undefined, role }, sts);
    expect(await callerIdentity({ credentials, sts }, NO_SIGNAL)).toMatchObject({
      arn: 'arn:aws:sts::111122223333:assumed-role/nfm-read',
    });
  });
});

test.each([
  ['ahead', 60 * MINUTE],
  ['behind', -60 * MINUTE],
])('keeps a role usable after the service is no longer %s of the clock', async (_, before) => {
  setAwsEnvironment({ AWS_ACCESS_KEY_ID: BASE.accessKeyId, AWS_SECRET_ACCESS_KEY: BASE.secretAccessKey });
  let ahead = before;
  const { url, requests } = await serveAhead(() => ahead);
  const sts = settingsFor(url);
  const role = { arn: ROLE_ARN, sessionName: 'exporter', externalId: undefined, sessionTags: {} };
  let elapsed = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + elapsed };
  const credentials = new AccountCredentials(clock).of({ profile: undefined, role }, sts);
  const first = await credentials.get('here');
  ahead = 0;
  elapsed = 10 * MINUTE;
  credentials.refused('here', first.accessKeyId);
  const second = await credentials.get('here');
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
  expect(requests.map(({ status }) => status)).toEqual([403, 200, 403, 200]);
});

test('does not retry any other error response', async () => {
  const { url, requests } = await serveAhead(() => 0);
  const credentials = {
    get: async () => ({ ...BASE, secretAccessKey: 'wrong' }),
    accepted: () => undefined,
    refused: () => undefined,
  };
  await expect(callerIdentity({ credentials, sts: settingsFor(url) }, NO_SIGNAL)).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
  expect(requests).toHaveLength(1);
});
