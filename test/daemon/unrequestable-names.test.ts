import { beforeAll, expect, test, vi } from 'vitest';
import { runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { type RawRequestHead, startRawService } from '../support/raw-service.ts';

const WAIT = { timeout: 10_000, interval: 50 };

/** Names and ids that a path cannot hold, or that UTF-8 makes one of. */
const BAD_IDS = [
  '.',
  '..',
  '../x',
  'a/../b',
  'a\\..',
  '%2e%2e',
  '..%2fx',
  'a\nb',
  '\0',
  '\ud800',
  '\udfff',
  'x'.repeat(5_000),
];
/** The API allows none of these either. */
const BAD_NAMES = [...BAD_IDS, 'a/b', 'a?b', 'a#b', 'a b', '\ufffd', 'x'.repeat(256), 'é'];

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

function answered(value: unknown): Uint8Array {
  const body = JSON.stringify(value);
  return Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** A service whose names and ids are bad but for one of each. */
function hostile() {
  let starts = 0;
  return ({ method, target }: RawRequestHead): Uint8Array => {
    if (target.startsWith('/monitors?')) {
      const arn = 'arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/';
      const monitors = [...BAD_NAMES, 'good', 'untagged', '...'].map((monitorName) => ({
        monitorName,
        monitorArn: monitorName === 'untagged' ? 'arn:aws/../../monitors' : arn + monitorName,
        monitorStatus: 'ACTIVE',
      }));
      return answered({ monitors });
    }
    if (target.startsWith('/scopes?')) {
      return answered({ scopes: [...BAD_IDS, 'scope'].map((scopeId) => ({ scopeId, status: 'SUCCEEDED' })) });
    }
    if (target.startsWith('/tags/')) {
      return answered({ tags: { team: 'a' } });
    }
    if (method === 'POST') {
      starts += 1;
      return answered({ queryId: starts > BAD_IDS.length ? `run-${starts}` : BAD_IDS[starts - 1] });
    }
    return answered(
      target.endsWith('/status') ? { status: 'SUCCEEDED' } : { topContributors: [], nextToken: '\ud800' },
    );
  };
}

/** Segments of a path as an over-eager decoder sees them. */
function decodedSegments(target: string): readonly string[] {
  const path = target.split('?', 1)[0] ?? '';
  return decodeURIComponent(decodeURIComponent(path)).split(/[/\\]/);
}

test('ignores names and IDs of the service that cannot be requested, without series', async (scope) => {
  const service = await startRawService(scope, hostile());
  const scheduled = { metricName: 'RETRANSMISSIONS', destinationCategory: 'INTER_AZ', schedule: { every: '1m' } };
  const daemon = await runDaemon(scope, {
    aws: {
      region: 'eu-west-1',
      endpoint: service.url,
      stsEndpoint: service.url,
      requestsPerSecond: 200,
      maxAttempts: 1,
    },
    queries: [
      { ...scheduled, name: 'all', monitorSelector: {} },
      { ...scheduled, name: 'tagged', monitorSelector: { tags: { team: 'a' } } },
      { ...scheduled, name: 'scopes', type: 'workload-insights-top-contributors', metricName: 'TIMEOUTS' },
    ],
  });
  const names = ['all:...', 'all:good', 'all:untagged', 'scopes:scope', 'tagged:...', 'tagged:good'];
  await vi.waitFor(async () => {
    const page = await daemon.metrics('queries');
    expect(
      page
        .samples('aws_nfm_query_info')
        .map(({ labels }) => labels['query'])
        .sort(),
    ).toEqual(names);
    // The ids of the first runs are bad.
    const errors = page.samples('aws_nfm_query_last_error', { operation: 'start', error: 'InvalidResponse' });
    expect(errors).toHaveLength(names.length);
  }, WAIT);
  const ignored = daemon.log.events.filter(({ msg }) => msg === 'unusable names ignored in listing');
  expect(ignored.map(({ fields }) => [fields['operation'], fields['count']]).sort()).toEqual([
    ['ListMonitors', BAD_NAMES.length],
    ['ListScopes', BAD_IDS.length],
  ]);
  const page = await daemon.metrics();
  const monitors = page.samples('aws_nfm_monitor_status', { status: 'ACTIVE' }).map(({ labels }) => labels['monitor']);
  expect(monitors.sort()).toEqual(['...', 'good', 'untagged']);
  expect(page.samples('aws_nfm_scope_status', { status: 'SUCCEEDED' })).toHaveLength(1);
  for (const { target } of service.requests) {
    expect(decodedSegments(target)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^\.{1,2}$/)]));
  }
});

test('rejects the registration of names and IDs that cannot be requested', async (scope) => {
  const service = await startRawService(scope, hostile());
  const daemon = await runDaemon(
    scope,
    { aws: { region: 'eu-west-1', endpoint: service.url, stsEndpoint: service.url } },
    { adminApi: true },
  );
  const register = async (definition: object) => {
    const body = JSON.stringify(definition);
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${daemon.url}/api/v1/queries/q`, { method: 'PUT', headers, body })).status;
  };
  const insights = { type: 'workload-insights-top-contributors' };
  for (const name of BAD_NAMES) {
    expect(await register({ monitorName: name, queryId: 'q' }), JSON.stringify(name)).toBe(400);
  }
  for (const id of BAD_IDS) {
    expect(await register({ monitorName: 'm', queryId: id }), JSON.stringify(id)).toBe(400);
    expect(await register({ ...insights, scopeId: id, queryId: 'q' }), JSON.stringify(id)).toBe(400);
  }
  expect(await register({ monitorName: 'm', queryId: 'a/b c' })).toBe(201);
});
