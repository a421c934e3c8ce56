import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AwsCredentials, Credentials } from '../../src/aws/credentials/credentials.ts';
import { type Identity, learnIdentity } from '../../src/aws/credentials/identity.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { networkFor } from './local-network.ts';
import { CREDENTIALS } from './status-service.ts';

interface Question {
  readonly endpoint: string;
  readonly credentials?: AwsCredentials;
  /** Timeout of a response of STS, in milliseconds. */
  readonly timeout?: number;
}

function given(credentials: AwsCredentials): Credentials {
  return { get: async () => credentials, accepted: () => undefined, refused: () => undefined };
}

/** Calls a real STS on a fake clock, so that the waits between the calls take no time. */
function ask({ endpoint, credentials = { ...CREDENTIALS }, timeout = 2_000 }: Question) {
  const clock = new FakeClock();
  const log = new RecordingLog();
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const handler = new BoundedHandler({ network: networkFor({}), clock: systemClock, timeout });
  let answer: { readonly identity: Identity | undefined } | undefined;
  const learned = learnIdentity(
    { account: 'payments', credentials: given(credentials), sts: { handler, region: 'eu-west-1', endpoint } },
    clock,
    log,
    end.signal,
  ).then((identity) => {
    answer = { identity };
    return identity;
  });
  return { clock, log, end, learned, answered: () => answer !== undefined };
}

/** Waits until STS has received a number of calls. */
async function asked(requests: readonly unknown[], count: number): Promise<void> {
  while (requests.length < count) {
    await wait(5);
  }
  await wait(20);
}

const simulator = () => runSimulator({ onTestFinished }, {});

describe('learnIdentity', () => {
  it('returns the account and the ARN from STS', async () => {
    const { url, requests } = await simulator();
    const { learned, log } = ask({ endpoint: url });
    expect(await learned).toEqual({
      awsAccountId: '123456789012',
      arn: 'arn:aws:iam::123456789012:user/simulator',
      provider: undefined,
    });
    expect(requests).toMatchObject([{ service: 'sts', operation: 'GetCallerIdentity', region: 'eu-west-1' }]);
    expect(log.events).toEqual([]);
  });

  it('removes the session name of an assumed role', async () => {
    const { url } = await runSimulator(
      { onTestFinished },
      {
        accounts: [
          {
            id: '111122223333',
            credentials: [
              {
                accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
                secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
                user: 'base',
              },
            ],
            roles: [{ name: 'nfm-read' }],
          },
        ],
      },
    );
    const base = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
    const sts = new STSClient({ endpoint: url, region: 'eu-west-1', credentials: base });
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/nfm-read', RoleSessionName: 'a-session' }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const { learned } = ask({ endpoint: url, credentials });
    expect(await learned).toMatchObject({
      awsAccountId: '111122223333',
      arn: 'arn:aws:sts::111122223333:assumed-role/nfm-read',
    });
  });

  it('retries until STS responds, and logs the failure once', async () => {
    const { url, requests, simulator: service } = await simulator();
    service.setFaults([
      {
        kind: 'error',
        name: 'AccessDenied',
        status: 403,
        message: 'not you',
        times: 2,
        match: { operation: 'GetCallerIdentity' },
      },
    ]);
    const { clock, log, learned, answered } = ask({ endpoint: url });
    await asked(requests, 1);
    await clock.advance(999);
    expect(requests).toHaveLength(1);
    await clock.advance(1);
    await asked(requests, 2);
    expect(answered()).toBe(false);
    await clock.advance(2_000);
    expect(await learned).toMatchObject({ awsAccountId: '123456789012' });
    expect(log.events).toEqual([
      {
        level: 'warn',
        msg: 'AWS identity not resolved',
        fields: {
          account: 'payments',
          operation: 'GetCallerIdentity',
          error: 'AccessDeniedException',
          reason: 'AccessDenied: HTTP 403: not you',
        },
      },
    ]);
  });

  it('retries with exponential backoff of up to five minutes, and logs the failure hourly', async () => {
    const { url, requests, simulator: service } = await simulator();
    service.setFaults([{ kind: 'throttle' }]);
    const { clock, log } = ask({ endpoint: url });
    let due = 1_000;
    for (let count = 1; count <= 30; count += 1) {
      await asked(requests, count);
      await clock.advance(due - 1);
      expect(requests).toHaveLength(count);
      await clock.advance(1);
      due = Math.min(2 * due, 300_000);
    }
    expect(clock.monotonic()).toBeGreaterThan(1.8 * 3_600_000);
    expect(log.events.map(({ fields }) => fields['error'])).toEqual(['ThrottlingException', 'ThrottlingException']);
  });

  it('rejects a response without an identity', async () => {
    const server = createServer((_request, response) =>
      response.end(
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult/></GetCallerIdentityResponse>',
      ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const address = server.address();
    const { log } = ask({ endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` });
    await asked(log.events, 1);
    expect(log.events).toMatchObject([
      { fields: { error: 'InvalidResponse', reason: 'the response has no account or ARN' } },
    ]);
  });

  it('times out if STS hangs', async () => {
    const { url, simulator: service } = await simulator();
    service.setFaults([{ kind: 'hang', after: 'request' }]);
    const { log } = ask({ endpoint: url, timeout: 100 });
    await asked(log.events, 1);
    expect(log.events).toMatchObject([{ fields: { error: 'TimeoutError' } }]);
  });

  it.each(['while STS hangs', 'between two calls'])(
    'ends without a result or a log message when it is to %s',
    async (moment) => {
      const { url, requests, simulator: service } = await simulator();
      const hangs = moment === 'while STS hangs';
      service.setFaults([hangs ? { kind: 'hang', after: 'request' } : { kind: 'throttle' }]);
      const { log, end, learned } = ask({ endpoint: url, timeout: 60_000 });
      await asked(requests, 1);
      const logged = log.events.length;
      end.abort();
      expect(await learned).toBeUndefined();
      expect(log.events).toHaveLength(logged);
    },
  );

  it('makes no call if it is aborted before its start', async () => {
    const { url, requests } = await simulator();
    const handler = new BoundedHandler({ network: networkFor({}), clock: systemClock, timeout: 2_000 });
    const options = {
      account: 'payments',
      credentials: given({ ...CREDENTIALS }),
      sts: { handler, region: 'eu-west-1', endpoint: url },
    };
    expect(await learnIdentity(options, systemClock, new RecordingLog(), AbortSignal.abort())).toBeUndefined();
    expect(requests).toEqual([]);
  });
});
