import { describe, expect, it, onTestFinished } from 'vitest';
import { Interruption } from '../../../src/cli/query/ad-hoc-query.ts';
import { runQueries } from '../../../src/cli/query/command.ts';
import type { RunRequest } from '../../../src/cli/query/query-flags.ts';
import { PlainView } from '../../../src/cli/query/query-view.ts';
import { observedClient } from '../../aws/status-service.ts';
import { runSimulator } from '../../support/simulated-service.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12, 0);

const REQUEST: RunRequest = {
  command: 'run',
  region: 'eu-west-1',
  type: 'monitor-top-contributors',
  monitorName: 'checkout',
  scopeId: undefined,
  metricName: 'RETRANSMISSIONS',
  destinationCategory: 'INTER_AZ',
  limit: 3,
  window: { start: NOW - 7 * MINUTE, end: NOW - 2 * MINUTE },
  watch: true,
  profile: undefined,
  endpoint: undefined,
  output: 'csv',
  noMirror: false,
  timeout: 10 * MINUTE,
};

/** Runs `query run --watch` for some minutes of a fast clock, with the real client against a simulator, and interrupts it. */
async function watchFor(
  minutes: number,
  scenario: Readonly<Record<string, unknown>>,
  request: Partial<RunRequest> = {},
) {
  const clock = new SteppedClock(NOW);
  onTestFinished(clock.watchRequests());
  const service = await runSimulator({ onTestFinished }, scenario, { clock });
  const { client, close } = observedClient(service.url, { clock, timeout: 10_000 });
  onTestFinished(close);
  const written = { stdout: '', stderr: '' };
  const write = (stream: keyof typeof written) => (text: string) => {
    written[stream] += text;
  };
  const interruption = new AbortController();
  const view = new PlainView(
    { write: write('stdout'), columns: () => undefined },
    { write: write('stderr'), isTerminal: false, columns: () => undefined },
    clock,
    { isRepeated: true },
  );
  const ended = runQueries({
    request: { ...REQUEST, ...request },
    region: 'eu-west-1',
    client,
    clock,
    view,
    writeError: write('stderr'),
    interrupted: interruption.signal,
  });
  let isEnded = false;
  const settled = ended.finally(() => {
    isEnded = true;
  });
  await clock.advance(minutes * MINUTE, () => isEnded);
  interruption.abort(new Interruption('interrupted by SIGINT', 130));
  const code = await clock.complete(settled, MINUTE);
  return { code, ...written, service };
}

const QUICK = { match: {}, queuedFor: 0, runningFor: '1s', rows: 3 };

describe('query run --watch', () => {
  it('queries consecutive windows, each when its data is complete, with one CSV header', async () => {
    const { code, stdout, stderr, service } = await watchFor(11, { startedQueries: [QUICK] });
    expect(code).toBe(130);
    const [header, ...rows] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    expect(header?.[0]).toBe('value');
    expect(rows.map((row) => row[3]?.slice(11, 16))).toEqual(
      ['11:53', '11:58', '12:03'].flatMap((start) => [start, start, start]),
    );
    const started = service.requests.filter(({ operation }) => operation.startsWith('StartQuery'));
    expect(started.map(({ at }) => Math.floor((at - NOW) / MINUTE))).toEqual([0, 5, 10]);
    expect(stderr).toContain('\nnext query at 12:05:00 UTC\n');
    expect(stderr).toMatch(/\nnfm-exporter: interrupted by SIGINT\n$/);
  });

  it('separates tables by an empty line, and prints one JSON document per line', async () => {
    const tables = await watchFor(6, { startedQueries: [QUICK] }, { output: 'table' });
    expect(tables.stdout).toMatch(/^Metric: [\s\S]*\n\nMetric: [\s\S]*Window: 2026-06-01 11:58:00 to 12:03:00 UTC\n/);
    expect(tables.stdout).not.toContain('\u001b');
    const documents = await watchFor(6, { startedQueries: [QUICK] }, { output: 'json' });
    const lines = documents.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).windowEnd)).toEqual([
      '2026-06-01T11:58:00.000Z',
      '2026-06-01T12:03:00.000Z',
    ]);
  });

  it('continues after a window that fails, and ends at an error that remains', async () => {
    const failing = { ...QUICK, match: {}, outcome: 'FAILED' };
    const continued = await watchFor(6, { startedQueries: [failing] });
    expect(continued).toMatchObject({ code: 130, stdout: '' });
    expect(continued.stderr.match(/FAILED: .*; continuing with the next window/g)).toHaveLength(2);
    const denied = {
      kind: 'error',
      name: 'AccessDeniedException',
      status: 403,
      match: { operation: 'GetQueryResults*' },
    };
    const ended = await watchFor(6, { startedQueries: [QUICK], faults: [denied] });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/\nnfm-exporter: GetQueryResults\w+: AccessDeniedException: .*\n$/);
  });

  it('skips windows that end while a query runs', async () => {
    const { stderr, stdout } = await watchFor(
      17,
      { startedQueries: [{ ...QUICK, runningFor: '12m' }] },
      { timeout: 60 * MINUTE },
    );
    expect(stderr).toContain('skipped 1 window, because the query took too long\n');
    expect(stdout).toContain('T11:53:00');
    expect(stderr).toContain('2026-06-01T12:03:00.000Z to 2026-06-01T12:08:00.000Z\n');
  });

  it('stops a running query at the service when it is interrupted', async () => {
    const { code, stderr, service } = await watchFor(1, { startedQueries: [{ ...QUICK, outcome: 'none' }] });
    expect(code).toBe(130);
    expect(stderr).toContain('\nstopped at the service\nnfm-exporter: interrupted by SIGINT\n');
    expect(service.simulator.runningQueries()).toEqual([]);
  });
});
