import { describe, expect, it } from 'vitest';
import { readFlags, UsageError } from '../../../src/cli/flags.ts';
import { QUERY_FLAGS, type QueryRequest, readQueryFlags } from '../../../src/cli/query/query-flags.ts';

const NOW = Date.UTC(2026, 0, 31, 12, 0, 0, 999);
const RUN = ['run', '--monitor-name=checkout', '--metric-name=RETRANSMISSIONS', '--destination-category=INTER_AZ'];

function read(...args: string[]): QueryRequest {
  return readQueryFlags(readFlags(QUERY_FLAGS, args, undefined), NOW);
}

function windowOf(...args: string[]): readonly string[] {
  const request = read(...RUN, ...args);
  return request.command === 'run'
    ? [new Date(request.window.start).toISOString(), new Date(request.window.end).toISOString()]
    : [];
}

describe('flags of query run', () => {
  it('applies the defaults of query run', () => {
    expect(read(...RUN)).toEqual({
      command: 'run',
      region: undefined,
      type: 'monitor-top-contributors',
      monitorName: 'checkout',
      scopeId: undefined,
      metricName: 'RETRANSMISSIONS',
      destinationCategory: 'INTER_AZ',
      limit: 100,
      window: { start: Date.UTC(2026, 0, 31, 11, 43), end: Date.UTC(2026, 0, 31, 11, 58) },
      profile: undefined,
      endpoint: undefined,
      output: 'table',
      noMirror: false,
      watch: false,
      timeout: 600_000,
    });
  });

  it.for<[string[], string, string]>([
    [['--lookback=1h'], '2026-01-31T10:58:00.000Z', '2026-01-31T11:58:00.000Z'],
    [['--end=2026-01-01T00:00:00Z'], '2025-12-31T23:45:00.000Z', '2026-01-01T00:00:00.000Z'],
    [['--start=2026-01-31T11:50:00Z'], '2026-01-31T11:50:00.000Z', '2026-01-31T11:58:00.000Z'],
    [
      ['--start=2026-01-01t01:00:00.5+01:00', '--end=2026-01-01 01:00:00Z'],
      '2026-01-01T00:00:00.500Z',
      '2026-01-01T01:00:00.000Z',
    ],
  ])('reads %j as the window %s to %s', ([args, start, end]) => {
    expect(windowOf(...args)).toEqual([start, end]);
  });

  it('accepts unknown categories of a valid form', () => {
    expect(read(...RUN.slice(0, 3), '--destination-category=BRAND_NEW')).toMatchObject({
      destinationCategory: 'BRAND_NEW',
    });
  });

  it('rejects --limit for data points', () => {
    const args = ['--type=workload-insights-top-contributors-data', '--scope-id=s', ...RUN.slice(2)];
    expect(read('run', ...args)).toMatchObject({ scopeId: 's', monitorName: undefined, limit: undefined });
    expect(() => read('run', ...args, '--limit=5')).toThrow('--limit is not valid for type');
  });
});

describe('flags of query watch', () => {
  it('does not require a metric for query watch', () => {
    expect(read('watch', '--monitor-name=checkout', '--query-id=q')).toMatchObject({
      command: 'watch',
      queryId: 'q',
      metricName: undefined,
    });
  });
});

describe('invalid flags', () => {
  it.for<[string[], string]>([
    [['rum'], 'query: got "rum", expected run or watch; did you mean "run"?'],
    [[...RUN, 'x'], 'unexpected argument "x"'],
    [['run', ...RUN.slice(2)], '--monitor-name is required'],
    [RUN.slice(0, 3), '--destination-category is required'],
    [[...RUN.slice(0, 2), '--destination-category=INTER_AZ'], '--metric-name is required'],
    [[...RUN, '--query-id=q'], '--query-id is not a flag of query run'],
    [['watch', '--monitor-name=m'], '--query-id is required'],
    [['watch', '--monitor-name=m', '--query-id=../q'], '--query-id: got "../q", expected a query\'s id'],
    [['run', '--monitor-name=..', ...RUN.slice(2)], '--monitor-name: got "..", expected a monitor\'s name'],
    [['watch', '--monitor-name=m', '--query-id=q', '--limit=3'], '--limit is not a flag of query watch'],
    [[...RUN, '--scope-id=s'], '--scope-id requires --type=workload-insights-top-contributors or'],
    [
      [...RUN, '--type=workload-insights-top-contributors'],
      '--monitor-name requires --type=monitor-top-contributors, got',
    ],
    [['run', '--type=workload-insights-top-contributors', ...RUN.slice(2)], '--scope-id is required'],
    [
      ['run', '--type=workload-insights-top-contributors', '--scope-id=s', '--metric-name=ROUND_TRIP_TIME'],
      '--metric-name: got "ROUND_TRIP_TIME", expected one of TIMEOUTS, RETRANSMISSIONS, DATA_TRANSFERRED',
    ],
    [
      [...RUN.slice(0, 2), '--metric-name=RETRANSMISSION', '--destination-category=INTER_AZ'],
      'DATA_TRANSFERRED; did you mean "RETRANSMISSIONS"?',
    ],
    [[...RUN, '--limit=501'], '--limit: got "501", expected a whole number from 1 to 500'],
    [[...RUN, '--lookback=61m'], '--lookback: got "61m", expected a duration above zero and at most 1h'],
    [
      [...RUN, '--start=yesterday'],
      '--start: got "yesterday", expected a time in RFC 3339 format (for example, 2026-01-31T12:00:00Z)',
    ],
    [[...RUN, '--end=2026-02-30'], '--end: got "2026-02-30", expected a time'],
    [[...RUN, '--start=2026-01-31T10:57:59Z'], 'expected a time at most 1h before the end of the window'],
    [
      [...RUN, '--start=2026-01-31T11:58:00Z'],
      'a time at most 1h before the end of the window, 2026-01-31T11:58:00.000Z: the service rejects longer windows',
    ],
    [[...RUN, '--start=2026-01-31T11:50:00Z', '--lookback=5m'], '--start and --lookback are mutually exclusive'],
    [[...RUN, '--watch', '--end=2026-01-31T11:50:00Z'], '--watch and --end are mutually exclusive'],
    [[...RUN, '--watch', '--lookback=59s'], '--lookback: got "59s", expected at least 1m with --watch'],
    [['watch', '--monitor-name=m', '--query-id=q', '--watch'], '--watch is not a flag of query watch'],
    [
      ['run', '--type=workload-insights-top-contributors-data', '--scope-id=s', ...RUN.slice(2), '--no-mirror'],
      '--no-mirror is not valid for type workload-insights-top-contributors-data',
    ],
    // Of several errors, only the first is reported.
    [['run', '--type=workload-insights-top-contributors-data', '--limit=5'], '--scope-id is required'],
    [['run', '--type=workload-insights-top-contributors-data', '--no-mirror', '--region=x'], '--region: got "x"'],
    [['watch', '--query-id=', '--region=x'], '--region: got "x"'],
    [[...RUN, '--timeout=0s'], '--timeout: got "0s", expected a duration above zero'],
    [[...RUN, '--timeout=1y'], '--timeout: got "1y", expected a duration of at most'],
    [[...RUN, '--output=xml'], '--output: got "xml", expected one of table, csv, tsv, json'],
    [[...RUN, '--endpoint=ftp://x'], '--endpoint: got "ftp://x", expected an http:// or https:// URL'],
    [[...RUN, '--region=Ireland'], '--region: got "Ireland", expected an AWS Region (for example, eu-west-1)'],
  ])('rejects %j: %s', ([args, message]) => {
    expect(() => read(...args)).toThrow(UsageError);
    expect(() => read(...args)).toThrow(message);
  });
});
