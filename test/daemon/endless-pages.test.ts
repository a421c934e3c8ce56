import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { type PageOf, startPagedService } from '../support/paged-service.ts';
import { runCommand } from '../support/process.ts';

const PATIENT = { timeout: 15_000, interval: 50 };
const QUERY = {
  name: 'q',
  monitorName: 'm',
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '15m', delay: '0s' },
};
const RESULTS = { operation: 'GetQueryResultsMonitorTopContributors', error: 'InvalidResponse' };

beforeEach(() => setAwsEnvironment(TEST_CREDENTIALS));

/** Rows that no other page has. */
function rows(page: number) {
  return Array.from({ length: 25 }, (_, i) => ({ localIp: `10.0.${page}.${i}`, targetPort: 443, value: 1 }));
}

async function daemonOf(scope: TestScope, pages: Parameters<typeof startPagedService>[1], discovery = '0s') {
  const service = await startPagedService(scope, pages);
  const daemon = await runDaemon(scope, {
    aws: { region: 'us-east-1', endpoint: service.url, stsEndpoint: service.url, requestsPerSecond: 500 },
    discovery: { monitorsEvery: discovery },
    queries: [QUERY],
  });
  return { service, daemon };
}

let page = 0;
const endings: readonly (readonly [what: string, results: PageOf, pages: number])[] = [
  ['always the same token', () => ({ topContributors: rows(0), nextToken: 'A' }), 2],
  [
    'two tokens in turn',
    (url) => ({ topContributors: [], nextToken: url.searchParams.get('nextToken') === 'A' ? 'B' : 'A' }),
    3,
  ],
  [
    'other tokens and other rows each time',
    () => {
      page += 1;
      return { topContributors: rows(page), nextToken: `token ${page}` };
    },
    81,
  ],
];

describe.each(endings)('results with %s', (_what, results, pages) => {
  it('end the run, and are logged and counted once', async (scope) => {
    const { service, daemon } = await daemonOf(scope, { results });
    const failed = await vi.waitFor(async () => {
      const metrics = await daemon.metrics();
      expect(metrics.value('aws_nfm_query_runs_total', { query: 'q', outcome: 'results_failed' })).toBe(1);
      return metrics;
    }, PATIENT);
    expect(service.count('results')).toBe(pages);
    expect(failed.value('aws_nfm_api_errors_total', RESULTS)).toBe(1);
    expect(failed.value('aws_nfm_query_retransmissions_total', { query: 'q' })).toBe(0);
    expect(daemon.log.events.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ fields: expect.objectContaining({ query: 'q', ...RESULTS }) }),
    ]);
  });

  it('fail the command that reads them', async (scope) => {
    page = 0;
    const { url, count } = await startPagedService(scope, { results });
    const flags = ['--region=us-east-1', '--monitor-name=m', '--query-id=run-1', '--metric-name=RETRANSMISSIONS'];
    const { code, stdout, stderr } = await runCommand(scope, ['query', 'watch', ...flags, `--endpoint=${url}`]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/nfm-exporter: InvalidResponse: expected [^\n]+\n$/);
    expect(count('results')).toBe(pages);
  });
});

const monitors = [{ monitorName: 'm', monitorArn: 'arn:aws:networkflowmonitor:us-east-1:1:monitor/m' }];
describe.each([
  ['ListMonitors', { monitors: () => ({ monitors, nextToken: 'A' }) }],
  ['ListScopes', { scopes: () => ({ scopes: [{ scopeId: 's' }], nextToken: 'A' }) }],
] as const)('a listing by %s with a repeated token', (operation, pages) => {
  it('fails, and is logged and counted once', async (scope) => {
    const { service, daemon } = await daemonOf(scope, pages, '5m');
    const asked = operation === 'ListMonitors' ? 'monitors' : 'scopes';
    const errors = { operation, error: 'InvalidResponse' };
    await vi.waitFor(
      async () => expect((await daemon.metrics('api')).value('aws_nfm_api_errors_total', errors)).toBe(1),
      PATIENT,
    );
    expect(service.count(asked)).toBe(2);
    expect(daemon.log.events.filter(({ fields }) => fields['operation'] === operation)).toHaveLength(1);
  });
});
