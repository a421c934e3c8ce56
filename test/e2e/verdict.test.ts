import { beforeAll, expect, test, vi } from 'vitest';
import { textOf } from '../http/html-text.ts';
import { type RunningDaemon, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { panelQueries } from '../support/dashboard-files.ts';
import { fileScope } from '../support/file-scope.ts';
import { PROJECT } from '../support/project.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { runSimulator } from '../support/simulated-service.ts';

// One monitor for each incident of the simulator, from before the start, and one without an incident. Prometheus scrapes the
// exporter and the agents, and evaluates the recording rules of config/rules.

const REGION = 'us-east-1';
const ACCOUNT = '111122223333';
/** Incidents by the name of the monitor, each with the verdict. */
const VERDICTS: Readonly<Record<string, string>> = {
  awsNetwork: 'AWS network',
  instance: 'instance allowance',
  zonePair: 'one zone pair',
  workload: 'one workload',
  metricsMissing: 'unknown: no data',
  quiet: 'nothing unusual',
};
const MONITORS = Object.keys(VERDICTS);
const ZONES = ['use1-az1', 'use1-az2'];
const MORE: Readonly<Record<string, object>> = { zonePair: { zones: ZONES }, workload: { workload: 'shop/cart' } };

const SCENARIO = {
  accounts: [{ id: ACCOUNT, regions: { [REGION]: { monitors: MONITORS.map((name) => ({ name })), scopes: [] } } }],
  startedQueries: [{ queuedFor: 0, runningFor: 0 }],
  incidents: MONITORS.filter((kind) => kind !== 'quiet').map((kind) => ({
    kind,
    match: { monitorName: kind },
    ...MORE[kind],
  })),
};

function config(endpoint: string) {
  return {
    aws: { region: REGION, endpoint, stsEndpoint: endpoint, requestsPerSecond: 50, maxConcurrentRuns: 10 },
    cloudwatch: { endpoint },
    queries: [
      {
        name: 'flows',
        monitorName: MONITORS,
        metricName: ['RETRANSMISSIONS', 'DATA_TRANSFERRED'],
        destinationCategory: 'INTER_AZ',
        limit: 500,
        contributorLabels: [
          ...['local', 'remote'].flatMap((side) =>
            ['az', 'instance_id', 'pod_namespace', 'service_name'].map((label) => `${side}_${label}`),
          ),
        ],
        schedule: { every: '1m', delay: '0s' },
      },
    ],
  };
}

const scope = fileScope();
let daemon: RunningDaemon;
let prometheus: Prometheus;
const INTERVAL = '5s';
const PATIENT = { timeout: 150_000, interval: 2_000 };

beforeAll(async () => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const { url } = await runSimulator(scope, SCENARIO);
  daemon = await runDaemon(scope, config(url));
  const job = (job_name: string, target: string, metrics_path: string) => ({
    job_name,
    scrape_interval: INTERVAL,
    metrics_path,
    static_configs: [{ targets: [new URL(target).host] }],
  });
  prometheus = await startPrometheus(
    scope,
    [job('network-flow-monitor', daemon.url, '/metrics'), job('agents', url, '/agent/metrics')],
    ['recording-*', 'thresholds'].map((name) => `${PROJECT}config/rules/${name}.yml`),
    [],
    INTERVAL,
  );
}, 60_000);

/** Rows of the panel: monitor and verdict, with the subject of the cause. */
async function verdicts(): Promise<Record<string, string>> {
  const [query] = panelQueries().filter(({ panel }) => panel.title === 'Is it AWS or me?');
  const series = await prometheus.query(query?.expression ?? '');
  return Object.fromEntries(series.map(({ labels }) => [labels['monitor'] ?? '', labels['verdict'] ?? '']));
}

test('the panel shows the cause of each incident, and no cause for a quiet hour', async () => {
  await vi.waitFor(async () => expect(await verdicts()).toEqual(VERDICTS), PATIENT);
  const subjects = await prometheus.query('monitor:aws_nfm_verdict:info{subject!=""}');
  expect(Object.fromEntries(subjects.map(({ labels }) => [labels['monitor'], labels['subject']]))).toEqual({
    instance: expect.stringMatching(/^i-\w{17} bw_out$/),
    zonePair: expect.stringMatching(/^use1-az(1 – use1-az2|2 – use1-az1)$/),
    workload: 'shop/cart',
  });
}, 160_000);

test('the page shows the same, except for allowances, and leaves nothing open', async () => {
  const { body } = await daemon.text('/');
  const rows = [...body.matchAll(/<tr>\s*<th scope="row">(\w+)<\/th>(.*?)<\/tr>/gs)].flatMap(
    ([, name = '', cells = '']) => {
      const [, verdict] = /<td data-label="Verdict">(.*?)<\/td>/s.exec(cells) ?? [];
      return verdict === undefined ? [] : [[name, textOf(verdict)] as const];
    },
  );
  expect(Object.fromEntries(rows)).toEqual({
    awsNetwork: 'AWS network health indicator degraded',
    instance: expect.stringMatching(
      /^unknown: one instance i-\w{17} most retransmissions at one instance; instance limits: see Grafana$/,
    ),
    zonePair: 'one zone pair use1-az1 – use1-az2 most retransmissions between two zones; instance limits: see Grafana',
    workload: 'one workload shop/cart most retransmissions at one workload; instance limits: see Grafana',
    metricsMissing: 'unknown: no data no health indicator; instance limits: see Grafana',
    quiet: 'nothing unusual no other rule applies; instance limits: see Grafana',
  });
});
