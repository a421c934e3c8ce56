import { expect, it } from 'vitest';
import { setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';
import { runSimulator } from '../support/simulated-service.ts';

const FAMILY = 'aws_nfm_price_dollars_per_byte';
const GIGABYTE = 2 ** 30;

it('exports the prices of the regions in use, each once, and follows a reload', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const { url } = await runSimulator(scope, { startedQueries: [{ match: {}, outcome: 'none' }] });
  const config = {
    aws: { endpoint: url, stsEndpoint: url },
    accounts: ['a', 'b'].map((name) => ({ name, regions: ['eu-west-1', 'us-east-1'] })),
    queries: [{ name: 'q', account: '*', monitorName: 'checkout', queryId: 'none' }],
  };
  const daemon = await runReloadedDaemon(scope, config);
  const prices = async () =>
    (await daemon.metrics())
      .samples(FAMILY)
      .map(({ labels, value }) => [labels['aws_region'], labels['destination_category'], value]);
  expect(await prices()).toEqual([
    ['eu-west-1', 'INTER_AZ', 0.02 / GIGABYTE],
    ['us-east-1', 'INTER_AZ', 0.02 / GIGABYTE],
  ]);

  const [only] = config.accounts;
  const changed = {
    ...config,
    accounts: [{ ...only, regions: ['eu-west-1'] }],
    prices: { dollarsPerGigabyte: { INTER_AZ: 0.01, INTER_REGION: 0.02 }, regions: { 'us-east-1': { INTER_VPC: 1 } } },
  };
  expect(await daemon.reloadWith(changed)).toEqual({ ok: true });
  expect(await prices()).toEqual([
    ['eu-west-1', 'INTER_AZ', 0.01 / GIGABYTE],
    ['eu-west-1', 'INTER_REGION', 0.02 / GIGABYTE],
  ]);
});
