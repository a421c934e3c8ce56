// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that config files use
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';
import { anyCharacter } from '../support/any-character.ts';
import { propertyRuns } from '../support/property-runs.ts';

const SECRET = 'hunter2-hunter2';
/** Valid values that contain the secret, if the secret itself is invalid. */
const UPPER = 'HUNTER2_CATEGORY';
const EVERY = '4242m';
const LOOKBACK = '42m';
const KEYS = [
  ...['web', 'log', 'aws', 'accounts', 'polling', 'queryDefaults', 'queries', 'x-y', '<<', '__proto__', 'constructor'],
  ...['listenAddresses', 'telemetryPath', 'level', 'format', 'region', 'regions', 'endpoint', 'stsEndpoint'],
  ...['roleArn', 'externalId', 'roleSessionName', 'sessionTags', 'profile'],
  ...['requestTimeout', 'maxAttempts', 'requestsPerSecond', 'interval', 'concurrency', 'staleAfter', 'giveUpAfter'],
  ...['name', 'type', 'monitorName', 'scopeId', 'queryId', 'account', 'labels', 'team', 'job', 'env'],
  ...['metricName', 'destinationCategory', 'limit', 'contributorLabels', 'schedule', 'every', 'lookback', 'delay'],
  ...['contributors', 'maxSeries', 'maxSeriesPerQuery', 'mirrorRows', 'roundTripTimeUnit', 'maxConcurrentRuns'],
];
const TEXTS = [
  ...['eu-west-1', 'us-east-1', 'default', '*', 'payments', '30s', '1y', '5', '12abc', ':10049', '/metrics', 'info'],
  ...['${SECRET}', 'a-${SECRET}', '${SECRET:-x}', '${NONE}', '$${', '${', 'http://u:p@h/', 'http://${SECRET}@h/'],
  ...['monitor-top-contributors', 'workload-insights-top-contributors', 'workload-insights-top-contributors-data'],
  ...['ROUND_TRIP_TIME', 'TIMEOUTS', 'INTER_AZ', 'A_${SECRET}', 'remote_ip', '15m', 'keep', 'MICROSECONDS'],
];

/** JSON-like values that resemble a config, so that they pass its first checks. */
const { value: anyValue } = fc.letrec<{ value: unknown; map: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(...TEXTS),
    fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('map'),
  ),
  map: fc.dictionary(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, fc.string()), tie('value'), {
    maxKeys: 6,
    noNullPrototype: true,
  }),
}));

describe('a file with an error every few characters', () => {
  it.each(['"', '%\n'])('rejects a file of errors with a message: %j', async (pump) => {
    const read = { file: 'f', env: {}, fallbackRegion: async () => 'us-east-1' };
    await expect(loadConfig(pump.repeat(150_000), read)).rejects.toThrow(ConfigError);
  });
});

const anyQuery = fc.record(
  {
    name: fc.constantFrom<unknown>('a', 'b', '${SECRET}', 'a b', 1),
    type: fc.constantFrom('monitor-top-contributors', 'workload-insights-top-contributors', '${SECRET}'),
    monitorName: fc.constantFrom<unknown>('m', '${SECRET}', 7),
    scopeId: fc.constantFrom('s', '${SECRET}'),
    queryId: fc.constantFrom<unknown>('q', 'r', '${SECRET}', 7),
    account: fc.constantFrom<unknown>('*', 'default', '${SECRET}', ['${SECRET}'], ['a', 'default'], 'nobody'),
    region: fc.constantFrom<unknown>('us-east-1', '${SECRET}', ['us-east-1', 'eu-west-1']),
    interval: fc.constantFrom('1s', '${SECRET}', '10m'),
    labels: fc.dictionary(fc.constantFrom('team', 'env', 'job'), fc.constantFrom('${SECRET}', 'x'), {
      noNullPrototype: true,
    }),
  },
  { requiredKeys: ['name', 'queryId'], noNullPrototype: true },
);

const anyScheduledQuery = fc.record(
  {
    name: fc.constantFrom('a', 'b', '${SECRET}'),
    type: fc.constantFrom('monitor-top-contributors', 'workload-insights-top-contributors-data', '${SECRET}'),
    monitorName: fc.constantFrom<unknown>('m', ['m', '${SECRET}'], '${SECRET}'),
    scopeId: fc.constantFrom<unknown>('s', ['${SECRET}'], 'x:${SECRET}'),
    account: fc.constantFrom<unknown>('*', 'default'),
    region: fc.constantFrom<unknown>('us-east-1', ['us-east-1', 'eu-west-1']),
    metricName: fc.constantFrom<unknown>('*', 'TIMEOUTS', ['ROUND_TRIP_TIME'], '${SECRET}', ['TIMEOUTS', '${SECRET}']),
    destinationCategory: fc.constantFrom<unknown>('*', 'INTER_AZ', '${UPPER}', ['${UPPER}'], '${SECRET}'),
    limit: fc.constantFrom<unknown>(100, '${SECRET}', 600),
    schedule: fc.constantFrom<unknown>(
      { every: '15m' },
      { every: '15m', lookback: '5m', delay: '${SECRET}' },
      { every: '${EVERY}' },
      { every: '15m', lookback: '${LOOKBACK}' },
      '${SECRET}',
    ),
    contributorLabels: fc.constantFrom<unknown>(['remote_ip'], ['${SECRET}'], '${SECRET}'),
  },
  { requiredKeys: ['name', 'metricName', 'destinationCategory', 'schedule'], noNullPrototype: true },
);

/** Valid configs except for a few values. */
const nearlyGood = fc.record(
  {
    aws: fc.record(
      {
        region: fc.constantFrom('eu-west-1', '${SECRET}'),
        endpoint: fc.constantFrom('http://h', 'http://u:${SECRET}@h', '${SECRET}'),
        requestsPerSecond: fc.constantFrom<unknown>(1, 0.001, '${SECRET}'),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    accounts: fc.array(
      fc.record(
        {
          name: fc.constantFrom('a', 'b', '${SECRET}', 'default'),
          region: fc.constantFrom('us-east-1', '${SECRET}'),
          regions: fc.constantFrom(['us-east-1'], ['eu-west-1', '${SECRET}']),
        },
        { requiredKeys: ['name'], noNullPrototype: true },
      ),
      { maxLength: 3 },
    ),
    polling: fc.record(
      { staleAfter: fc.constantFrom('1m', '1h', '${SECRET}') },
      { requiredKeys: [], noNullPrototype: true },
    ),
    queryDefaults: fc.constantFrom<unknown>(
      {},
      { monitorName: 'm' },
      { account: '${SECRET}' },
      { labels: { team: '${SECRET}' } },
      { scopeId: 's', metricName: '*', destinationCategory: ['${UPPER}'], schedule: { every: '${EVERY}' } },
    ),
    contributors: fc.record(
      {
        labels: fc.constantFrom<unknown>(['remote_ip'], ['${SECRET}']),
        maxSeries: fc.constantFrom<unknown>(1, '${SECRET}'),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
    queries: fc.array(fc.oneof(anyQuery, anyScheduledQuery), { maxLength: 4 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Returns the text of the error, or the warnings of a valid file. */
async function complaints(text: string): Promise<string> {
  try {
    const { warnings } = await loadConfig(text, {
      file: 'x',
      env: { SECRET, UPPER, EVERY, LOOKBACK },
      fallbackRegion: async () => undefined,
    });
    return JSON.stringify(warnings);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { path, message, got, expected } of error.problems) {
      expect(path).not.toBe('');
      expect([got, expected]).not.toContain('');
      expect(message).not.toMatch(/[\n\r]/);
    }
    return `${error.message}${JSON.stringify(error.problems)}`;
  }
}

describe('arbitrary files', () => {
  it.each([
    ['any values', anyValue],
    ['nearly good configs', nearlyGood],
  ])('reports only problems, and no secrets: %s', async (_kind, values: fc.Arbitrary<unknown>) => {
    await fc.assert(
      fc.asyncProperty(values, fc.boolean(), async (value, json) => {
        const text = (json ? JSON.stringify(value) : stringify(value)) ?? '';
        const said = await complaints(text);
        expect([SECRET, UPPER, EVERY, LOOKBACK].filter((secret) => said.includes(secret))).toEqual([]);
      }),
      { numRuns: propertyRuns(100) },
    );
  });

  it('reports only problems for arbitrary text', async () => {
    const pieces = fc.constantFrom(
      ...[
        'queries',
        'aws',
        'name',
        ': ',
        ':',
        '- ',
        '\n',
        '\n  ',
        '&a ',
        '*a',
        '<<: ',
        '[',
        ']',
        '{',
        '}',
        ', ',
        '"',
        "'",
      ],
      ...[
        '|',
        '>',
        '!!str ',
        '!x ',
        '%YAML 1.1\n',
        '---\n',
        '...',
        '#',
        '\t',
        '? ',
        '${SECRET}',
        '\u{feff}',
        '\0',
        '\r',
        '😀',
        '~',
        '1',
      ],
    );
    const yamlish = fc
      .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 40 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.oneof(yamlish, fc.string({ unit: anyCharacter })), async (text) => {
        expect(await complaints(text)).not.toContain(SECRET);
      }),
      { numRuns: propertyRuns(250) },
    );
  });
});
