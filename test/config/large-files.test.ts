import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLongYaml } from '../../src/config/reading/long-yaml.ts';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig, loadConfigFile, loadEntriesFile } from '../../src/queries/load.ts';
import { readDiscoveryFile } from '../../src/registry/discovery-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const OPTIONS = { file: 'f.yml', env: {}, fallbackRegion: async () => 'us-east-1' };

async function messagesOf(loaded: Promise<unknown>): Promise<readonly string[]> {
  const error = await loaded.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return error instanceof ConfigError ? error.problems.map(({ message }) => message) : [];
}

async function contextOf() {
  return (await loadConfig('{}', OPTIONS)).context;
}

describe('a file without an end', () => {
  it('is read up to the limit', async () => {
    const messages = await messagesOf(loadConfigFile({ ...OPTIONS, file: '/dev/zero' }));
    expect(messages).toEqual(['cannot read /dev/zero: it is larger than 64 MiB']);
  });

  it('is rejected in place of a discovery file', async () => {
    const file = join(temporaryFolder(), 'large.yml');
    writeFileSync(file, '');
    truncateSync(file, 2 ** 32);
    const reading = await readDiscoveryFile(file);
    const loaded = reading?.load(await contextOf()) ?? Promise.resolve();
    expect(await messagesOf(loaded)).toEqual([`cannot read ${file}: it is larger than 64 MiB`]);
  });
});

describe('a file with too many values', () => {
  it.each([
    ['JSON', `[${'{},'.repeat(1_500_000)}{}]`],
    ['a flow list', `[a,${'{ },'.repeat(1_500_000)}{ }]`],
    ['a block list', '- a: b\n'.repeat(1_000_001)],
    ['nested lists', `${'- '.repeat(3_000_001)}a`],
  ])('is rejected before it is parsed: %s', async (_form, text) => {
    const messages = await messagesOf(loadEntriesFile(text, 'q.yml', await contextOf()));
    expect(messages).toEqual(['q.yml (line 1): got more than 3000000 keys and values, expected a smaller file']);
  });

  it('is accepted with 100,000 queries', async () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => ({
      name: `checkout-${i}`,
      queryId: `0a1b2c3d-1234-5678-9abc-${i}`,
      monitorName: 'checkout-monitor',
      region: 'us-east-1',
      interval: '30s',
      labels: { team: 'payments', service: 'checkout' },
    }));
    const { root, problems } = await parseLongYaml(JSON.stringify(entries), { file: 'q.yml' });
    expect([root?.kind, problems]).toEqual(['list', []]);
  });
});

describe('a file with too many errors', () => {
  const entry = { name: 'a', queryId: 'x', monitorName: 'm' };

  it.each<[string, object]>([
    ['invalid entries', {}],
    ['equal names', entry],
  ])('reports the first ones: %s', async (_kind, each) => {
    const text = JSON.stringify(Array.from({ length: 12_000 }, () => each));
    const messages = await messagesOf(loadEntriesFile(text, 'q.yml', await contextOf()));
    expect(messages).toHaveLength(10_001);
    expect(messages.at(-1)).toMatch(
      /: got more than 10000 errors or warnings, expected at most as many: correct the first/,
    );
  });

  it('reports the first warnings, and is accepted', async () => {
    const twins = Array.from({ length: 12_000 }, (_, i) => ({ ...entry, name: `q${i}` }));
    const { queries, warnings } = await loadEntriesFile(JSON.stringify(twins), 'q.yml', await contextOf());
    expect([queries.length, warnings.length]).toEqual([12_000, 10_001]);
  });
});
