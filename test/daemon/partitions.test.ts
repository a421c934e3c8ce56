import { expect, test, vi } from 'vitest';
import { startProxy } from '../aws/local-network.ts';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';

test('calls the endpoints of the partition of each account, including STS', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  // All addresses are external: a proxy that rejects every connection records them.
  const proxy = await startProxy({ refusal: '403 Forbidden' });
  const queries = ['commercial', 'china', 'government', 'sovereign', 'here'].map((account) => ({
    name: account,
    account,
    monitorName: 'checkout',
    queryId: 'query',
  }));
  await runDaemon(
    scope,
    {
      aws: { region: 'eu-west-1', maxAttempts: 1 },
      accounts: [
        { name: 'commercial', region: 'us-east-1', roleArn: 'arn:aws:iam::111122223333:role/nfm-read' },
        { name: 'china', region: 'cn-north-1', roleArn: 'arn:aws-cn:iam::111122223333:role/nfm-read' },
        { name: 'government', region: 'us-gov-west-1', roleArn: 'arn:aws-us-gov:iam::111122223333:role/nfm-read' },
        { name: 'sovereign', region: 'eusc-de-east-1', roleArn: 'arn:aws-eusc:iam::111122223333:role/nfm-read' },
        { name: 'here', region: 'cn-northwest-1' },
      ],
      queries,
      polling: { interval: '300ms' },
    },
    { env: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` } },
  );
  await vi.waitFor(
    () =>
      expect([...new Set(proxy.requests.map(({ line }) => line))].sort()).toEqual([
        'CONNECT networkflowmonitor.cn-northwest-1.api.amazonwebservices.com.cn:443',
        'CONNECT sts.cn-north-1.amazonaws.com.cn:443',
        'CONNECT sts.cn-northwest-1.amazonaws.com.cn:443',
        'CONNECT sts.eu-west-1.amazonaws.com:443',
        'CONNECT sts.eusc-de-east-1.amazonaws.eu:443',
        'CONNECT sts.us-gov-west-1.amazonaws.com:443',
      ]),
    { timeout: 5_000 },
  );
});
