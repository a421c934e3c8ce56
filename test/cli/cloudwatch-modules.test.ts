import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** URLs of the modules that a process has loaded: V8 writes them when it exits. */
function loadedModules(folder: string): string[] {
  const reports = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return reports.flatMap((text) => {
    const { result }: { readonly result: readonly { readonly url: string }[] } = JSON.parse(text);
    return result.map(({ url }) => url);
  });
}

it('neither loads the client of CloudWatch nor calls it without the section cloudwatch', async (scope) => {
  const { url, requests } = await runSimulator(scope, {});
  const folder = temporaryFolder(scope);
  const file = join(temporaryFolder(scope), 'nfm-exporter.json');
  const config = {
    aws: { region: 'us-east-1', endpoint: url, stsEndpoint: url },
    web: { listenAddresses: ['127.0.0.1:0'] },
    queries: [{ name: 'w', monitorName: 'checkout', queryId: 'q', interval: '1s' }],
  };
  writeFileSync(file, JSON.stringify(config));
  const exporter = startCommand(scope, [`--config.file=${file}`], { ...CLEAN_ENVIRONMENT, NODE_V8_COVERAGE: folder });
  await exporter.url();
  await vi.waitFor(() => expect(requests.map(({ operation }) => operation)).toContain('ListMonitors'), 20_000);
  exporter.kill('SIGTERM');
  await exporter.ended;
  const modules = loadedModules(folder);
  expect(modules.filter((module) => module.includes('node_modules/@aws-sdk/core/'))).not.toEqual([]);
  expect(modules.filter((module) => module.includes('client-cloudwatch'))).toEqual([]);
  expect(requests.filter(({ operation }) => operation === 'GetMetricData')).toEqual([]);
});
