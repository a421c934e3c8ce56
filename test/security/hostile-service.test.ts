import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { API_ERRORS } from '../../src/aws/errors.ts';
import { readPage } from '../metrics/page-grammar.ts';
import type { LogEvent } from '../support/log-lines.ts';
import { type Command, startCommand } from '../support/process.ts';
import { type RawRequestHead, startRawService } from '../support/raw-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { anyAnswer, anyResults, wellAnswered } from './hostile-answer.ts';

const ACCOUNTS = Array.from({ length: 8 }, (_, i) => `a${i}`);
const RESULTS = 40;

/** This number of responses of a kind, repeatedly. */
function endless(kind: fc.Arbitrary<Uint8Array>, seed: number): () => Uint8Array {
  const answers = fc.sample(kind, { numRuns: 300, seed });
  let next = 0;
  return () => {
    next += 1;
    return answers[next % answers.length] ?? Buffer.of();
  };
}

/** A service whose runs reach their results. Results and all other responses are arbitrary. */
function hostileAnswers(seed: number): (request: RawRequestHead) => Uint8Array {
  const anything = endless(anyAnswer, seed);
  const results = endless(anyResults, seed);
  let asked = 0;
  return ({ method, target }) => {
    asked += 1;
    if (asked % 8 === 0) {
      return anything();
    }
    if (method === 'POST' && target.endsWith('Queries')) {
      return wellAnswered({ queryId: `run-${asked}` });
    }
    if (/\/run-\d+\/status$/.test(target)) {
      return wellAnswered({ status: 'SUCCEEDED' });
    }
    return /\/results/.test(target) ? results() : anything();
  };
}

test('keeps running with valid pages, whatever the service returns', async (scope) => {
  const seed = Date.now() & 0x7f_ff_ff_ff;
  scope.onTestFailed(() => console.error(`the seed was ${seed}`));
  const service = await startRawService(scope, hostileAnswers(seed));
  const file = join(temporaryFolder(), 'nfm-exporter.json');
  const query = { account: '*', monitorName: 'checkout' };
  writeFileSync(
    file,
    JSON.stringify({
      web: { listenAddresses: ['127.0.0.1:0'] },
      storage: { path: 'storage' },
      aws: {
        region: 'eu-west-1',
        endpoint: service.url,
        stsEndpoint: service.url,
        requestTimeout: '1s',
        maxAttempts: 1,
        requestsPerSecond: 200,
        maxConcurrentRuns: 20,
      },
      accounts: ACCOUNTS.map((name) => ({ name, region: 'eu-west-1' })),
      queries: [
        ...['w1', 'w2', 'w3', 'w4'].map((name) => ({ ...query, name, queryId: name, interval: '1s' })),
        {
          ...query,
          name: 's',
          metricName: ['RETRANSMISSIONS', 'TIMEOUTS'],
          destinationCategory: ['INTER_AZ', 'INTER_VPC', 'AMAZON_S3', 'INTRA_AZ'],
          schedule: { every: '1m' },
        },
      ],
    }),
  );
  const exporter = startCommand(scope, [`--config.file=${file}`, '--log.level=debug']);
  const url = await exporter.url();
  const get = async (path: string, accept = '*/*') => {
    const response = await fetch(url + path, { headers: { accept } });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  };
  const resultsAsked = () => service.requests.filter(({ target }) => target.endsWith('/results')).length;
  await expect.poll(resultsAsked, { timeout: 60_000 }).toBeGreaterThan(RESULTS);
  const takenRows = /^aws_nfm_contributor_(retransmissions|timeouts)\{/m;
  await expect.poll(async () => (await get('/metrics')).body.toString(), { timeout: 15_000 }).toMatch(takenRows);

  const text = await get('/metrics');
  const openmetrics = await get('/metrics', 'application/openmetrics-text; version=1.0.0');
  const families = readPage(text.body, 'text');
  expect(readPage(openmetrics.body, 'openmetrics').length).toBe(families.length);
  expect(families.find(({ name }) => name === 'aws_nfm_query_last_error')?.samples.length).toBeGreaterThan(
    ACCOUNTS.length,
  );

  expect((await get('/')).status).toBe(200);
  const { queries } = JSON.parse((await get('/api/v1/queries')).body.toString());
  expect(queries).toHaveLength(ACCOUNTS.length * 12);
  for (const { name, lastError } of queries) {
    if (lastError !== null) {
      expect(API_ERRORS).toContain(lastError.error);
      expect(lastError.message).toMatch(/^[^\n\r]{1,420}$/);
    }
    const { status, body } = await get(`/api/v1/queries/${name}/contributors`);
    expect([200, 404]).toContain(status);
    JSON.parse(body.toString());
  }
  expect(await endOf(exporter)).toEqual({ code: 0, defects: [] });

  // What was stored of all that can be read again.
  const next = startCommand(scope, [`--config.file=${file}`]);
  const restored = await fetch(`${await next.url()}/metrics`);
  readPage(Buffer.from(await restored.arrayBuffer()), 'text');
  expect(await endOf(next)).toEqual({ code: 0, defects: [] });
});

/** Stops the daemon. Its defects are logged as errors. */
async function endOf(exporter: Command): Promise<{ code: number | null; defects: LogEvent[] }> {
  exporter.kill('SIGTERM');
  const { code } = await exporter.ended;
  return { code, defects: exporter.log().filter(({ level }) => level === 'error') };
}
