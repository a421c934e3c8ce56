import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultScenario, parseScenario, ScenarioError } from '../src/index.ts';

/** The problems of an invalid scenario, as texts. */
function problemsOf(text: string): string[] {
  try {
    parseScenario(text);
  } catch (error) {
    if (error instanceof ScenarioError) {
      return error.message.split('\n');
    }
    throw error;
  }
  return [];
}

test('reads an empty scenario as the default scenario', () => {
  for (const text of ['', '{}', '# nothing', '---']) {
    expect(parseScenario(text)).toEqual(defaultScenario);
  }
});

test('reads the example of the documentation', () => {
  const documentation = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');
  const examples = [...documentation.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? '');
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    expect(problemsOf(example)).toEqual([]);
  }
});

test('reads YAML and JSON equally', () => {
  const yaml = parseScenario('seed: 7\nworlds:\n  pageSize: 3\n  stopDelay: 1m30s\n');
  expect(yaml).toEqual(parseScenario('{"seed": "7", "worlds": {"pageSize": 3, "stopDelay": 90}}'));
  expect(yaml).toMatchObject({
    seed: '7',
    worlds: { pageSize: 3, stopDelay: 90_000, unknownQueryId: 'ResourceNotFoundException' },
  });
});

test('reports all problems in one pass, with path, line, value, and what was expected', () => {
  const text = `
seeds: 1
accounts:
  - id: 12345
    credentials: [{accessKeyId: short, secretAccessKey: ""}]
    regions:
      Frankfurt: {}
      us-east-1:
        monitors:
          - {name: "no spaces", status: ASLEEP}
queries:
  - {type: monitor-top-contributors, region: us-east-1, queryId: a}
  - {type: workload-insights-top-contributors, region: us-east-1, scopeId: s, queryId: b, metricName: ROUND_TRIP_TIME}
  - {type: other, region: us-east-1}
  - {type: workload-insights-top-contributors, region: us-east-1, scopeId: s, queryId: c, count: 5}
startedQueries:
  - {match: {monitor: x}, queuedFor: 5 s, outcome: DONE, rows: -1}
worlds: {pageSize: 0.5, errorForm: soap}
faults:
  - {kind: error, name: "bad name", status: 200}
  - {kind: latency}
  - {kind: body, body: xml, rate: 2}
  - {kind: flood}
`;
  const keys = 'seed, accounts, queries, startedQueries, worlds, faults, cloudwatch, incidents';
  const categoryAndMore = 'account, region, type, monitorName, scopeId, metricName, destinationCategory';
  const duration = 'a duration (for example, 30s or 1h30m) or a number of seconds, at most 24d';
  expect(problemsOf(text)).toEqual([
    `seeds (line 2): got "seeds", expected one of the keys ${keys}`,
    'accounts[0].id (line 4): got 12345, expected an account ID of 12 digits',
    'accounts[0].credentials[0].accessKeyId (line 5): got "short", expected an access key ID',
    'accounts[0].credentials[0].secretAccessKey (line 5): got (hidden), expected a secret access key',
    'accounts[0].regions.Frankfurt (line 7): got "Frankfurt", expected a key that is a region (for example, us-east-1)',
    'accounts[0].regions.us-east-1.monitors[0].name (line 10): got "no spaces", expected a monitor name: 1 to 255 of a-z A-Z 0-9 _ . -',
    'accounts[0].regions.us-east-1.monitors[0].status (line 10): got "ASLEEP", expected one of PENDING, ACTIVE, INACTIVE, ERROR, DELETING',
    'queries[0].monitorName (line 12): got nothing, expected a value: the key is required',
    'queries[1].metricName (line 13): got "ROUND_TRIP_TIME", expected one of TIMEOUTS, RETRANSMISSIONS, DATA_TRANSFERRED',
    'queries[2].type (line 14): got "other", expected one of monitor-top-contributors, workload-insights-top-contributors, workload-insights-top-contributors-data',
    'queries[3].queryId (line 15): got "c", expected a text with {n}, because count is set',
    `startedQueries[0].match.monitor (line 17): got "monitor", expected one of the keys ${categoryAndMore}`,
    `startedQueries[0].queuedFor (line 17): got "5 s", expected ${duration}`,
    'startedQueries[0].outcome (line 17): got "DONE", expected one of SUCCEEDED, FAILED, CANCELED, none',
    'startedQueries[0].rows (line 17): got -1, expected an integer from 0 to 10000',
    'worlds.pageSize (line 18): got 0.5, expected an integer from 1 to 500',
    'worlds.errorForm (line 18): got "soap", expected one of plain, namespaced, uri, bodyType, bodyCode',
    'faults[0].name (line 20): got "bad name", expected an error name (for example, InternalServerException)',
    'faults[0].status (line 20): got 200, expected an integer from 400 to 599',
    'faults[1].delay (line 21): got nothing, expected a value: the key is required',
    'faults[2].rate (line 22): got 2, expected a number from 0 to 1',
    'faults[2].body (line 22): got "xml", expected one of html, empty, garbage, truncated, wrongTypes',
    'faults[3].kind (line 23): got "flood", expected one of error, throttle, latency, hang, reset, body',
  ]);
});

describe('reports duplicates and unknown references', () => {
  const account = (id: string, more = '') => `{id: "${id}"${more}}`;
  const key = ', credentials: [{accessKeyId: AKIA0000000000000000, secretAccessKey: x}]';

  test.each([
    ['no account', 'accounts: []', 'accounts (line 1): got [], expected at least one account'],
    [
      'an account twice',
      `accounts: [${account('111122223333')}, ${account('111122223333')}]`,
      'accounts[1].id (line 1): got "111122223333", expected a value that no other entry of the list has',
    ],
    [
      'a key in two accounts',
      `accounts: [${account('111122223333', key)}, ${account('444455556666', key)}]`,
      'accounts[1].credentials[0].accessKeyId (line 1): got "AKIA0000000000000000", expected a value that no other account has',
    ],
    [
      'a monitor twice',
      `accounts: [${account('111122223333', ', regions: {us-east-1: {monitors: [{name: a}, {name: a}]}}')}]`,
      'accounts[0].regions.us-east-1.monitors[1].name (line 1): got "a", expected a value that no other entry of the list has',
    ],
    [
      'a query twice',
      'queries: [&q {type: monitor-top-contributors, region: us-east-1, monitorName: m, queryId: a}, *q]',
      'queries[1].queryId (line 1): got "a", expected a value that no other entry of the list has',
    ],
    [
      'a query of an unknown account',
      'queries: [{type: monitor-top-contributors, account: "999999999999", region: us-east-1, monitorName: m, queryId: a}]',
      'queries[0].account (line 1): got "999999999999", expected an account of the scenario: 123456789012',
    ],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

test.each([
  ['a tab', 'worlds:\n\tpageSize: 1', /^ \(line 2\): got .*, expected a YAML document$/],
  ['a key twice', 'seed: 1\nseed: 2', /^ \(line 2\): got Map keys must be unique/],
  ['two documents', 'seed: 1\n---\nseed: 2', /^ \(line 2\): got /],
  ['an unknown anchor', 'seed: *missing', /^ \(line 1\): got Unresolved alias/],
  [
    'a value that holds itself',
    'startedQueries: [{statusBody: &a {a: *a}}]',
    /^ \(line 1\): got endless aliases, expected/,
  ],
  ['a list', '[]', /^ \(line 1\): got \[\], expected a mapping/],
  ['a text', 'hello', /^ \(line 1\): got "hello", expected a mapping/],
])('reports %s as one problem', (_, text, problem) => {
  expect(problemsOf(text)).toEqual([expect.stringMatching(problem)]);
});

test('rejects aliases that would grow without limit', () => {
  const levels = Array.from({ length: 12 }, (_, i) => `x${i}: &x${i} [${`*x${i - 1},`.repeat(i && 9)}]`).join('\n');
  expect(problemsOf(levels)).toEqual([' (line 1): got endless aliases, expected a YAML document']);
});

test.each([
  ['0', 0],
  ['30s', 30_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1w1d', 691_200_000],
  ['2.5', 2500],
  ['0.001', 1],
  ['"0"', 0],
])('accepts the duration %s', (text, ms) => {
  expect(parseScenario(`worlds: {stopDelay: ${text}}`).worlds.stopDelay).toBe(ms);
});

test.each(
  ['-1', '1 s', '1.5s', '30m1h', '1s1s', '5', 's', '1S', '25d', '3000000'].map((text) => (text === '5' ? '"5"' : text)),
)('rejects the duration %s', (text) => {
  expect(problemsOf(`worlds: {stopDelay: ${text}}`)).toHaveLength(1);
});

describe('throws only a ScenarioError', () => {
  const parses = (text: string) => {
    try {
      parseScenario(text);
    } catch (error) {
      expect(error).toBeInstanceOf(ScenarioError);
    }
  };

  test('for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), parses));
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,-&*!|>\'"#%@` \n\tab1~?') }), parses), {
      numRuns: 500,
    });
  });

  test('for any JSON under the existing keys', () => {
    const keys = ['seed', 'accounts', 'queries', 'startedQueries', 'worlds', 'faults', 'id', 'regions', 'credentials'];
    const more = [
      'kind',
      'type',
      'match',
      'name',
      'monitors',
      'scopes',
      'tags',
      'status',
      'count',
      'queryId',
      '__proto__',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('error', 'body', 'monitor-top-contributors', 'us-east-1', '111122223333', 'x{n}'),
        fc.integer(),
        fc.double(),
        fc.constantFrom(null, true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys, ...more), tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const root = fc.dictionary(fc.constantFrom(...keys.slice(0, 6)), tree, { minKeys: 1, maxKeys: 6 });
    fc.assert(
      fc.property(root, (value) => parses(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });
});
