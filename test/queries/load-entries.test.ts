// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the form that files use
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig, loadEntriesFile, loadEntryBody } from '../../src/queries/load.ts';

const SECRET = 'hunter2-hunter2';
const FILE = 'queries.d/a.yml';

async function contextOf(config: object = {}, region: string | undefined = 'eu-west-1') {
  const options = { file: 'x.yml', env: { SECRET, TEAM: 'network' }, fallbackRegion: async () => region };
  return (await loadConfig(JSON.stringify(config), options)).context;
}

/** Returns the result, or the messages of all problems. */
async function outcomeOf<T>(loaded: Promise<T>): Promise<T | readonly string[]> {
  try {
    return await loaded;
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return error.problems.map(({ message }) => message);
  }
}

async function file(text: string, config?: object, region?: string) {
  return outcomeOf(loadEntriesFile(text, FILE, await contextOf(config, region)));
}

async function body(value: unknown, config?: object, name = 'shop') {
  return outcomeOf(loadEntryBody(value, name, await contextOf(config)));
}

const WATCHED = { monitorName: 'm', queryId: 'q' };
const SCHEDULED = {
  monitorName: 'm',
  metricName: 'TIMEOUTS',
  destinationCategory: 'INTER_AZ',
  schedule: { every: '1h' },
};
const CONFIG = {
  accounts: [{ name: 'payments', regions: ['us-east-1', 'eu-west-1'] }, { name: 'shop' }],
  polling: { interval: '10s', staleAfter: '1m' },
  queryDefaults: { account: 'payments', labels: { team: '${TEAM}' } },
};

describe('a file of entries', () => {
  it('loads entries with the accounts, defaults, and variables of the config file', async () => {
    const text = `
- { name: a, monitorName: m, queryId: q, region: us-east-1 }
- { name: b, account: shop, monitorName: [m], metricName: TIMEOUTS, destinationCategory: INTER_AZ, schedule: { every: 1h }, labels: { team: "x-\${TEAM}" } }
- { name: c, account: shop, monitorSelector: {}, metricName: TIMEOUTS, destinationCategory: INTER_AZ, schedule: { every: 1h } }
`;
    expect(await file(text, CONFIG)).toMatchObject({
      queries: [
        { name: 'a', source: 'file', region: 'us-east-1', interval: 10_000, labels: { team: 'network' } },
        { name: 'b:m', source: 'file', account: 'shop', region: 'eu-west-1', labels: { team: 'x-network' } },
      ],
      followers: [{ entry: { name: 'c', source: 'file' }, target: { account: 'shop', region: 'eu-west-1' } }],
      warnings: [],
    });
  });

  it('accepts a file that is blank, JSON, or has warnings', async () => {
    expect(await file('# none yet\n')).toMatchObject({ queries: [], followers: [] });
    expect(await file('[]')).toMatchObject({ queries: [] });
    const twins = [
      { ...WATCHED, name: 'a' },
      { ...WATCHED, name: 'b', labels: { env: 'x' } },
    ];
    expect(await file(JSON.stringify(twins))).toMatchObject({
      queries: [{ name: 'a' }, { name: 'b' }],
      warnings: [
        { message: expect.stringMatching(/^queries\.d\/a\.yml\[1\]\.labels\.env \(line 1\): got the label "env", /) },
        { path: `${FILE}[1].queryId`, got: '"q"' },
      ],
    });
  });

  it.each([
    [
      'polling: {}',
      [
        `${FILE} (line 1): got {"polling": {}}, expected a list, each element a mapping with name and queryId or schedule`,
      ],
    ],
    ['- 7', [`${FILE}[0] (line 1): got 7, expected a mapping with name and queryId or schedule`]],
    ['- [', [expect.stringMatching(/^queries\.d\/a\.yml \(line 1\): got invalid YAML /)]],
    [
      '- { name: a, name: b }',
      [
        expect.stringMatching(/^queries\.d\/a\.yml\[0\]\.name \(line 1\): got a duplicate key, /),
        expect.anything(),
        expect.anything(),
      ],
    ],
    [
      '- name: a\n  monitorName: m\n  queryId: ${NONE}\n  intervall: 1s',
      [
        `${FILE}[0].queryId (line 3): got "\${NONE}", expected the environment variable NONE to be set, or a default: \${NONE:-…}`,
        expect.stringMatching(
          /^queries\.d\/a\.yml\[0\]\.intervall \(line 4\): got an unknown key, .*did you mean "interval"\?$/,
        ),
      ],
    ],
    [
      '- { name: a, monitorName: m, queryId: q }\n- { name: a, monitorName: m, queryId: r }',
      [`${FILE}[1].name (line 2): got "a", expected a unique name: ${FILE}[0] (line 1) also creates a query "a"`],
    ],
    [
      '- { name: a, account: nowhere, monitorName: m, queryId: q }',
      [`${FILE}[0].account (line 1): got "nowhere", expected one of the accounts "default"`],
    ],
  ])('reports all errors of a file with their paths: %j', async (text, messages) => {
    expect(await file(text)).toEqual(messages);
  });

  it('rejects entries that conflict with the config file', async () => {
    const nowhere = await file('- { name: a, monitorName: m, queryId: q }', {}, '');
    expect(nowhere).toEqual([
      `${FILE}[0].region (line 1): got an invalid Region from the environment or the AWS profile, expected an AWS Region (for example, eu-west-1): here, in aws.region, in AWS_REGION, or in the AWS profile`,
    ]);
    const slow = await file('- { name: a, monitorName: m, queryId: q, interval: 21s, region: us-east-1 }', CONFIG);
    expect(slow).toEqual([
      `${FILE}[0].interval (line 1): got "21s", expected at most 20s, a third of polling.staleAfter`,
    ]);
    const roleArn = 'arn:aws-cn:iam::111122223333:role/r';
    const abroad = await file('- { name: a, monitorName: m, queryId: q, region: us-east-1 }', {
      accounts: [{ name: '${TEAM}', roleArn }],
    });
    expect(abroad).toEqual([
      `${FILE}[0].region (line 1): got "us-east-1", expected a Region of partition aws-cn, the partition of the role of account "\${TEAM}"`,
    ]);
  });
});

describe('the body of a registration', () => {
  it('creates one query with the registered name', async () => {
    expect(await body(WATCHED)).toMatchObject({ query: { name: 'shop', source: 'http', queryId: 'q' } });
    expect(await body({ ...WATCHED, name: 'shop' })).toMatchObject({ query: { name: 'shop' } });
    const single = { ...SCHEDULED, account: ['payments'], region: ['us-east-1'], metricName: ['TIMEOUTS'] };
    expect(await body(single, CONFIG)).toMatchObject({
      query: { name: 'shop', group: 'shop', region: 'us-east-1', metricName: 'TIMEOUTS', labels: { team: 'network' } },
    });
  });

  it('does not replace variables in a body', async () => {
    const labels = { team: '${SECRET}', x: '$${', y: '${' };
    expect(await body({ ...WATCHED, labels })).toMatchObject({ query: { labels } });
    expect(await body({ ...WATCHED, monitorName: '${SECRET}' })).toEqual([
      'monitorName: got "${SECRET}", expected a monitor\'s name: 1 to 255 characters of A-Z a-z 0-9 _ . -',
    ]);
  });

  it.each<[unknown, readonly unknown[]]>([
    [7, ['body: got 7, expected a JSON object with the keys of one query']],
    [undefined, ['body: got nothing, expected a JSON object with the keys of one query']],
    [
      { region: 'us-east-1' },
      [
        'body: got neither queryId nor schedule, expected either queryId, to watch a query, or schedule, to run queries',
        expect.anything(),
      ],
    ],
    [
      { ...WATCHED, account: 'shop', name: 'x' },
      ['name: got "x", expected "shop", the name that the query is registered under, or no name'],
    ],
    [
      { ...WATCHED, account: 'nowhere' },
      ['account: got "nowhere", expected one of the accounts "payments", "shop", "default"'],
    ],
    [
      { ...WATCHED, region: ['us-east-1', 'eu-west-1'] },
      ['region: got ["us-east-1", "eu-west-1"], expected one Region: us-east-1, eu-west-1'],
    ],
    [WATCHED, ['region: got 2 of them, by default, expected one Region: us-east-1, eu-west-1']],
    [
      {
        ...SCHEDULED,
        account: '*',
        metricName: '*',
        monitorName: ['m', 'n'],
        destinationCategory: ['INTER_AZ', 'INTER_VPC'],
      },
      [
        'account: got "*", expected the name of one account',
        'region: got 2 of them, by default, expected one Region: us-east-1, eu-west-1',
        'monitorName: got ["m", "n"], expected one monitor\'s name',
        'metricName: got "*", expected one metric\'s name',
        'destinationCategory: got ["INTER_AZ", "INTER_VPC"], expected one destination category',
      ],
    ],
    [
      { ...SCHEDULED, monitorName: ['m', 'n'], metricName: 'X', region: ['a', 'b'], destinationCategory: undefined },
      [
        expect.stringContaining('region[0]: got "a"'),
        expect.stringContaining('region[1]: got "b"'),
        expect.stringContaining('metricName: got "X", expected one of'),
        expect.stringContaining('destinationCategory: got nothing'),
        'region: got ["a", "b"], expected one Region',
        'monitorName: got ["m", "n"], expected one monitor\'s name',
      ],
    ],
    [
      { schedule: { every: '1s' }, monitorSelector: { name: 'x' }, account: 'shop', metricName: 'TIMEOUTS' },
      [
        expect.stringContaining('schedule.every: got "1s"'),
        expect.stringContaining('destinationCategory: got nothing'),
        'monitorSelector: got {"name": "x"}, expected monitorName instead: a registration creates one query',
      ],
    ],
    [
      { ...SCHEDULED, monitorName: undefined, monitorSelector: { name: 'x' }, account: 'shop' },
      ['monitorSelector: got {"name": "x"}, expected monitorName instead: a registration creates one query'],
    ],
    [
      { ...SCHEDULED, type: 'workload-insights-top-contributors', monitorName: undefined, account: 'shop' },
      [
        "scopeId: got nothing, expected a scope's id: text that is not empty, or a list of them, for type workload-insights-top-contributors",
      ],
    ],
  ])('reports all errors of a body with their paths: %j', async (value, messages) => {
    expect(await body(value === undefined ? undefined : JSON.parse(JSON.stringify(value)), CONFIG)).toEqual(messages);
  });

  it('rejects a body with an invalid name or extremely deep nesting', async () => {
    expect(await body(WATCHED, {}, 'a:b')).toEqual([
      'name: got "a:b", expected a name: 1 to 128 characters of A-Z a-z 0-9 _ . -',
    ]);
    expect(await body({ labels: JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`) })).toEqual([
      'body: got lists or objects that are nested too deeply, expected a JSON object with the keys of one query',
    ]);
  });
});

describe('arbitrary input', () => {
  const keys = fc.constantFrom(
    ...['name', 'type', 'account', 'region', 'monitorName', 'scopeId', 'queryId', 'interval', 'labels', 'schedule'],
    ...['metricName', 'destinationCategory', 'limit', 'contributorLabels', 'monitorSelector', '__proto__', '<<', 'x'],
  );
  const texts = fc.constantFrom(
    ...['a', '*', 'payments', 'nowhere', 'us-east-1', '1h', '${SECRET}', '${', 'TIMEOUTS', 'INTER_AZ', 'remote_ip'],
  );
  const scalar = fc.oneof(texts, fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(keys, scalar, { maxKeys: 3, noNullPrototype: true }),
  );
  const entry = fc
    .tuple(fc.constantFrom(WATCHED, SCHEDULED, {}), fc.dictionary(keys, value, { maxKeys: 4, noNullPrototype: true }))
    .map(([good, odd]) => ({ name: 'a', account: 'shop', ...good, ...odd }));
  const complaints = async (loaded: Promise<unknown>) =>
    JSON.stringify(await outcomeOf(loaded).then((outcome) => (Array.isArray(outcome) ? outcome : [])));

  it('loads or rejects arbitrary files without showing secrets', async () => {
    const context = await contextOf(CONFIG);
    const yaml = fc.tuple(fc.array(entry, { maxLength: 3 }), fc.boolean());
    const lists = yaml.map(([list, json]) => (json ? JSON.stringify(list) : stringify(list)));
    const bytes = fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some).toString('latin1'));
    await fc.assert(
      fc.asyncProperty(fc.oneof(lists, bytes, fc.json()), async (text) => {
        expect(await complaints(loadEntriesFile(text, FILE, context))).not.toContain(SECRET);
      }),
      { numRuns: 400 },
    );
  });

  it('loads or rejects arbitrary bodies without showing secrets', async () => {
    const context = await contextOf(CONFIG);
    await fc.assert(
      fc.asyncProperty(fc.oneof(entry, fc.jsonValue()), async (some) => {
        const loaded = loadEntryBody(some, 'a', context);
        const said = await complaints(loaded);
        expect(said).not.toContain(SECRET);
        expect(said).not.toMatch(/\(line/);
        expect(JSON.stringify(await loaded.catch(() => undefined)) ?? '').not.toContain(SECRET);
      }),
      { numRuns: 400 },
    );
  });
});
