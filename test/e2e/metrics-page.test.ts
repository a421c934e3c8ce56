import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { FAMILIES } from '../../src/metrics/families.ts';
import { startCommand } from '../support/process.ts';
import { run } from '../support/project.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('promtool has nothing to say about the page of the built daemon, which describes every family', async (context) => {
  const simulator = await runSimulator(context, { queries: [endlessQueries('us-east-1', 'endless')] });
  const configFile = join(temporaryFolder(), 'nfm-exporter.json');
  const config = {
    aws: { region: 'us-east-1', endpoint: simulator.url, stsEndpoint: simulator.url },
    polling: { interval: '1s' },
    queries: [
      { name: 'running', monitorName: 'checkout', queryId: 'endless', labels: { team: 'a "quoted"\nname \\ more' } },
      { name: 'unknown', monitorName: 'checkout', queryId: 'nobody-started-it' },
    ],
  };
  writeFileSync(configFile, JSON.stringify(config));
  const daemon = startCommand(context, [`--config.file=${configFile}`, '--web.listen-address=127.0.0.1:0']);
  const url = await daemon.url();

  const page = await vi.waitFor(
    async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      expect(text).toContain('aws_nfm_query_status{query="running",status="RUNNING"} 1\n');
      expect(text).toContain('aws_nfm_query_last_error{query="unknown",');
      expect(text).toContain('aws_nfm_account_info{account="default",');
      return text;
    },
    { timeout: 10_000, interval: 100 },
  );

  expect(run('promtool', ['check', 'metrics'], { input: page })).toEqual({ status: 0, stdout: '', stderr: '' });
  const described = [...page.matchAll(/^# HELP (\S+) (.+)\n# TYPE (\S+) (\S+)$/gm)];
  const ofOurs = described
    .filter(([, name]) => name?.startsWith('aws_nfm_'))
    .map(([, name, help, typedName, type]) => ({ name, help, typedName, type }));
  // Those of replicas exist only if there are any.
  const own = FAMILIES.filter(({ name }) => !name.startsWith('aws_nfm_replica_'));
  expect(ofOurs).toEqual(own.map(({ name, help, type }) => ({ name, help, typedName: name, type })));
});
