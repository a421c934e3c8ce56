import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

const load = (text: string) => loadConfig(text, { file: 'nfm.yml', env: {}, fallbackRegion: async () => undefined });

async function problemsOf(text: string): Promise<string[]> {
  const error = await load(text).catch((thrown: unknown) => thrown);
  return error instanceof ConfigError ? error.problems.map(({ message }) => message) : [String(error)];
}

describe('the format of the file', () => {
  it.each([
    ['empty', '', true],
    ['only comments', '# nothing yet\n', true],
    ['only a document mark', '---\n', true],
    ['an empty mapping', '{}'],
    [
      'sections without keys',
      'web:\naws:\naccounts:\npolling: ~\nqueryDefaults:\nqueries: # none yet\ncontributors:\n',
    ],
    ['a byte order mark', '\u{feff}queries: []\n'],
    ["Windows' line ends", 'aws:\r\n  region: eu-west-1\r\nqueries: []\r\n'],
    ['a directive', '%YAML 1.2\n---\nqueries: []\n...\n'],
  ])('loads %s as a file without queries, with defaults', async (_form, text, isEmpty = false) => {
    const { config, queries, warnings } = await load(text);
    expect(queries).toEqual([]);
    expect(warnings.map(({ message }) => message)).toEqual(
      isEmpty
        ? [expect.stringMatching(/^nfm\.yml \(line 1\): got an empty file, expected a mapping with the keys web, /)]
        : [],
    );
    expect(config).toMatchObject({
      web: { listenAddresses: [':10049'], telemetryPath: '/metrics' },
      log: { level: 'info', format: 'logfmt' },
      aws: { requestTimeout: 10_000, maxAttempts: 3 },
      accounts: [{ name: 'default', requestsPerSecond: 5, maxConcurrentRequests: 8, maxConcurrentRuns: 5 }],
      polling: { interval: 30_000, concurrency: 256, giveUpAfter: 3_600_000 },
      contributors: {
        labels: [
          ...['local_az', 'local_subnet_id', 'local_instance_id'],
          ...['remote_az', 'remote_subnet_id', 'remote_instance_id', 'remote_ip', 'target_port'],
        ],
        maxSeries: 50_000,
        maxSeriesPerQuery: 500,
        mirrorRows: 'keep',
        roundTripTimeUnit: 'MICROSECONDS',
      },
      http: { retention: 3_600_000 },
    });
  });

  it('reports syntax errors with lines', async () => {
    expect(await problemsOf('web:\n\ttelemetryPath: /m\naws: { region: x\n')).toEqual([
      'nfm.yml (line 2): got invalid YAML (Tabs are not allowed as indentation), expected valid YAML',
      'nfm.yml (line 4): got invalid YAML (Flow map in block collection must be sufficiently indented and end with a }), expected valid YAML',
    ]);
  });

  it.each([
    ...['*', '&', '%', '@', '`', '*:', '!x', '!!int x', '%x', '@x', '`x', '|x', '>x', '*, x', '! ', '! x'],
    ...['*.x', '*x*', '*-prod', '&x', '&-prod'],
  ])('reports a value without quotes once, with the advice to quote it: %s', async (value) => {
    for (const text of [
      `queries:\n  - account: ${value}\n    type: x`,
      `queries:\n  - { type: x,\n     account: ${value} }\n`,
      `queries:\n  - labels:\n      a: ${value}\n    type: x`,
    ]) {
      const about = (await problemsOf(text)).filter((message) => /quote/.test(message));
      expect(about, text).toHaveLength(1);
      expect(about[0]).toContain(`"${value[0]}`);
    }
  });

  it('reports that an unquoted asterisk for all accounts needs quotes', async () => {
    expect(await problemsOf('queries:\n  - account: *\n')).toEqual([
      'nfm.yml (line 2): got a value without quotes that begins with *, which YAML reads as an alias, expected quotes around it: "*"',
    ]);
  });

  it.each(['*canary', '@canary', '!canary', '|canary', '`canary', '%canary', '&canary'])(
    'hides a secret without quotes: %s',
    async (secret) => {
      const messages = await problemsOf(`accounts:\n  - name: a\n    externalId: ${secret}\n`);
      expect(messages.join()).toMatch(/quote/);
      expect(messages.join()).not.toContain('canary');
    },
  );

  it.each([
    ['flow lists', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['open flow lists', '['.repeat(50_000)],
    ['block lists', `${'- '.repeat(5000)}x`],
    ['block mappings', Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['mappings as keys', `${'? '.repeat(5000)}x`],
  ])('rejects extremely deep nesting: %s', async (_kind, text) => {
    const [problem, ...others] = await problemsOf(text);
    expect(problem).toMatch(
      /^nfm\.yml \(line \d+\): got lists or mappings nested more than 64 deep, expected at most 64 levels$/,
    );
    expect(others).toEqual([]);
  });

  it('reports the lines of values in any style', async () => {
    const json = '{\n"aws":\n{\n"region":\n"nowhere"\n,\n"regoin": 1}\n}';
    expect(await problemsOf(json)).toEqual([
      'aws.region (line 5): got "nowhere", expected an AWS Region (for example, eu-west-1)',
      expect.stringMatching(
        /^aws\.regoin \(line 7\): got an unknown key, expected one of region, .*; did you mean "region"\?$/,
      ),
    ]);
    expect(await problemsOf('aws:\n  region:\n\n    # text\n    |\n    nowhere\n\n  maxAttempts:\n\n')).toEqual([
      'aws.region (line 5): got "nowhere\\n", expected an AWS Region (for example, eu-west-1)',
      'aws.maxAttempts (line 8): got nothing, expected a whole number above zero',
    ]);
  });

  it('resolves an alias to the last anchor of its name before it', async () => {
    const text =
      'x-a: &r eu-west-1\naws: { region: *r }\nx-b: &r us-east-1\nqueries: [{ name: a, monitorName: m, queryId: q, region: *r }]\n';
    const { config, queries } = await load(text);
    expect([config.aws.region, queries[0]?.region]).toEqual(['eu-west-1', 'us-east-1']);
  });

  it('shows a value in a message on one short line', async () => {
    const [problem] = await problemsOf(`aws: { region: "${'\u2028\u0007\\n'.repeat(3)}${'😀'.repeat(100)}" }`);
    expect(problem).toMatch(
      /^aws\.region \(line 1\): got "\\u2028\\u0007\\n[^\n\p{Cs}]*…", expected an AWS Region \(for example, eu-west-1\)$/u,
    );
    expect(problem?.length).toBeLessThan(250);
  });
});
