import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AccountCredentials } from '../../src/aws/credentials/account-credentials.ts';
import { type AwsCredentials, providerOf } from '../../src/aws/credentials/credentials.ts';
import { CredentialsUnavailable } from '../../src/aws/errors.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { setAwsEnvironment } from '../support/daemon.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { networkFor } from './local-network.ts';

/** The default chain in a process with only these AWS settings. */
function chain(variables: Readonly<Record<string, string>>, clock: Clock = systemClock) {
  setAwsEnvironment(variables);
  const handler = new BoundedHandler({ network: networkFor({}), clock: systemClock, timeout: 2_000 });
  const sts = { handler, region: 'eu-west-1', endpoint: undefined };
  const credentials = new AccountCredentials(clock).of({ profile: undefined, role: undefined }, sts);
  return () => credentials.get('here');
}

/** A shared configuration file with these lines in the default profile. */
function configFile(...lines: readonly string[]): string {
  const file = join(temporaryFolder(), 'config');
  writeFileSync(file, ['[default]', ...lines, ''].join('\n'));
  return file;
}

describe('the default credential chain', () => {
  it('reads the environment, and reports the provider', async () => {
    const credentials = await chain({
      AWS_ACCESS_KEY_ID: 'AKIAX',
      AWS_SECRET_ACCESS_KEY: 'y',
      AWS_SESSION_TOKEN: 'z',
    })();
    expect(credentials).toMatchObject({ accessKeyId: 'AKIAX', secretAccessKey: 'y', sessionToken: 'z' });
    expect(providerOf(credentials)).toBe('env_vars');
  });

  it('reads the output of a credential_process', async () => {
    const output = JSON.stringify({ Version: 1, AccessKeyId: 'AKIAX', SecretAccessKey: 'y' });
    const credentials = await chain({ AWS_CONFIG_FILE: configFile(`credential_process = echo '${output}'`) })();
    expect(credentials).toMatchObject({ accessKeyId: 'AKIAX', secretAccessKey: 'y' });
    expect(providerOf(credentials)).toContain('process');
  });

  it('rejects with CredentialsUnavailable if no provider has credentials, and retries a second later', async () => {
    const clock = new FakeClock();
    const credentials = chain({}, clock);
    for (let i = 0; i < 2; i += 1) {
      await expect(credentials()).rejects.toThrow(CredentialsUnavailable);
      await expect(credentials()).rejects.toThrow('no provider is configured');
      await clock.advance(1_000);
    }
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIALATER';
    process.env['AWS_SECRET_ACCESS_KEY'] = 'y';
    expect(await credentials()).toMatchObject({ accessKeyId: 'AKIALATER' });
  });

  it('reports no secrets of a credential_process that failed', async () => {
    const command = "sh -c 'echo token=CANARY-1 >&2; exit 3' --client-secret CANARY-2";
    const asked = chain({ AWS_CONFIG_FILE: configFile(`credential_process = ${command}`) })();
    const failure: unknown = await asked.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CredentialsUnavailable);
    expect(String(failure)).not.toContain('CANARY');
  });

  it('waits 30 s for a provider that hangs, for each caller', async () => {
    const clock = new FakeClock();
    const credentials = chain({ AWS_CONFIG_FILE: configFile('credential_process = sleep 1') }, clock);
    for (let i = 0; i < 2; i += 1) {
      const outcome = credentials().then(
        () => 'answered',
        (error: unknown) => error,
      );
      await clock.advance(29_999);
      expect(await Promise.race([outcome, wait(20, 'waiting')])).toBe('waiting');
      await clock.advance(1);
      expect(await outcome).toMatchObject({
        name: 'CredentialsUnavailable',
        message: 'profile default: no credentials after 30 s',
      });
    }
  });

  it('assumes a role over the shared network, once for concurrent callers', async () => {
    const { url, requests } = await runSimulator(
      { onTestFinished },
      { accounts: [{ id: '111122223333', roles: [{ name: 'nfm-read' }] }] },
    );
    const config = configFile(
      'role_arn = arn:aws:iam::111122223333:role/nfm-read',
      'credential_source = Environment',
      'region = eu-west-1',
    );
    const credentials = chain({
      AWS_CONFIG_FILE: config,
      AWS_PROFILE: 'default',
      AWS_ACCESS_KEY_ID: 'AKIAX',
      AWS_SECRET_ACCESS_KEY: 'y',
      // Only the network of this test resolves the name.
      AWS_ENDPOINT_URL_STS: url.replace('127.0.0.1', 'sts.nfm.test'),
    });
    const all = await Promise.all(Array.from({ length: 10 }, () => credentials()));
    expect(requests).toMatchObject([{ service: 'sts', operation: 'AssumeRole' }]);
    expect(new Set(all.map(({ accessKeyId }) => accessKeyId)).size).toBe(1);
    expect(all[0]?.sessionToken).toBeDefined();
    expect(await credentials()).toMatchObject({ accessKeyId: all[0]?.accessKeyId });
    expect(requests).toHaveLength(1);
  });
});

describe('providerOf', () => {
  it.each<[Pick<AwsCredentials, '$source'>, string | undefined]>([
    [{}, undefined],
    [{ $source: {} }, undefined],
    [{ $source: { CREDENTIALS_IMDS: '0' } }, 'imds'],
    [{ $source: { CREDENTIALS_PROFILE: 'n', CREDENTIALS_STS_ASSUME_ROLE: 'i' } }, 'profile,sts_assume_role'],
  ])('reads the name from %j', (more, provider) => {
    expect(providerOf({ accessKeyId: 'a', secretAccessKey: 'b', ...more })).toBe(provider);
  });
});
