import { ListScopesCommand, type NetworkFlowMonitorClientConfig } from '@aws-sdk/client-networkflowmonitor';
import { describe, expect, test } from 'vitest';
import { CREDENTIALS, createClient } from './service.ts';

/** The endpoint of ListScopes with this configuration. Nothing is sent. */
async function destination(config: NetworkFlowMonitorClientConfig): Promise<string> {
  const sent: string[] = [];
  const client = createClient({
    credentials: CREDENTIALS,
    maxAttempts: 1,
    ...config,
    requestHandler: {
      async handle({ protocol, hostname, port, path }) {
        sent.push(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
        throw new Error('not sent');
      },
      updateHttpClientConfig() {},
      httpHandlerConfigs: () => ({}),
    },
  });
  await expect(client.send(new ListScopesCommand())).rejects.toThrow('not sent');
  return sent.join();
}

describe('by Region', () => {
  test.each([
    ['us-east-1', 'us-east-1.api.aws'],
    ['ap-northeast-3', 'ap-northeast-3.api.aws'],
    ['us-gov-west-1', 'us-gov-west-1.api.aws'],
    ['cn-north-1', 'cn-north-1.api.amazonwebservices.com.cn'],
    ['eusc-de-east-1', 'eusc-de-east-1.api.amazonwebservices.eu'],
    ['us-iso-east-1', 'us-iso-east-1.api.aws.ic.gov'],
    ['us-isob-east-1', 'us-isob-east-1.api.aws.scloud'],
    ['eu-isoe-west-1', 'eu-isoe-west-1.api.cloud-aws.adc-e.uk'],
    ['us-isof-south-1', 'us-isof-south-1.api.aws.hci.ic.gov'],
    ['xx-unheard-9', 'xx-unheard-9.api.aws'],
  ])('%s', async (region, host) => {
    await expect(destination({ region })).resolves.toBe(`https://networkflowmonitor.${host}/scopes`);
    await expect(destination({ region, useFipsEndpoint: true })).resolves.toBe(
      `https://networkflowmonitor-fips.${host}/scopes`,
    );
  });

  test('the dual-stack switch changes nothing', async () => {
    for (const useDualstackEndpoint of [false, true]) {
      await expect(destination({ region: 'eu-west-1', useDualstackEndpoint })).resolves.toBe(
        'https://networkflowmonitor.eu-west-1.api.aws/scopes',
      );
    }
  });
});

describe('custom', () => {
  test.each([
    ['http://127.0.0.1:4566', 'http://127.0.0.1:4566/scopes'],
    ['http://127.0.0.1:4566/', 'http://127.0.0.1:4566/scopes'],
    ['https://proxy.example/aws/nfm', 'https://proxy.example/aws/nfm/scopes'],
    ['http://[::1]:4566', 'http://[::1]:4566/scopes'],
  ])('%s', async (endpoint, expected) => {
    await expect(destination({ region: 'eu-west-1', endpoint })).resolves.toBe(expected);
  });

  test('takes the place of a Region that has no partition of its own', async () => {
    await expect(destination({ region: 'local', endpoint: 'http://127.0.0.1:1' })).resolves.toBe(
      'http://127.0.0.1:1/scopes',
    );
  });

  test('is rejected with FIPS', async () => {
    const client = createClient({
      region: 'us-east-1',
      credentials: CREDENTIALS,
      endpoint: 'http://127.0.0.1:1',
      useFipsEndpoint: true,
    });
    await expect(client.send(new ListScopesCommand())).rejects.toMatchObject({
      name: 'EndpointError',
      message: 'Invalid Configuration: FIPS and custom endpoint are not supported',
    });
  });
});
