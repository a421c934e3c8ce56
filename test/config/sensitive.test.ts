import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfig } from '../../src/queries/load.ts';

/** Part of no other value of the file. */
const CANARY = 'canary';

/** A value of externalId or sessionTags: valid, or with errors that people and templates make. */
const anySensitive: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(CANARY, `${CANARY} ${CANARY}`, `\${NO_SUCH}${CANARY}`, `\${${CANARY}`, 4_711, true, null),
  fc.constantFrom(CANARY, '4711', 'a!', 'x'.repeat(300)).map((text) => ({ key: text, Key: `${CANARY}!` })),
  fc.constantFrom(CANARY, 4_711).map((item) => [item, { inner: item }]),
);

const anyAccount = fc.record(
  {
    name: fc.constantFrom<unknown>('a', 'b', 'a b', { externalId: CANARY }, ['a']),
    region: fc.constantFrom<unknown>('us-east-1', 'cn-north-1', 7),
    roleArn: fc.constantFrom<unknown>('arn:aws:iam::111122223333:role/r', 'arn:aws:iam::1:role/r', ['r']),
    profile: fc.constantFrom<unknown>('base', '', { sessionTags: { a: CANARY } }),
    externalId: anySensitive,
    sessionTags: anySensitive,
  },
  { requiredKeys: ['externalId'], noNullPrototype: true },
);

/** The accounts in their section or elsewhere. */
const anyConfig = fc
  .tuple(fc.array(anyAccount, { minLength: 1, maxLength: 3 }), fc.constantFrom('accounts', 'nested', 'aws', 'queries'))
  .map(([accounts, place]) => (place === 'nested' ? { accounts: [accounts, ...accounts] } : { [place]: accounts }));

/** The URL of a database, wherever people put it. */
const anyStorage: fc.Arbitrary<object> = fc
  .tuple(
    fc.constantFrom('postgresql', 'postgres', 'mysql', ''),
    fc.constantFrom(
      CANARY,
      `${CANARY}/`,
      `${CANARY}@`,
      `${CANARY} `,
      `a:${CANARY}`,
      `%zz${CANARY}`,
      `\${NO_SUCH}${CANARY}`,
    ),
    fc.constantFrom('db:5432/nfm', 'db:x/nfm', 'db', '/nfm', 'db/nfm?sslmode=off', 'db/nfm#1', 'db/nfm?user=x'),
  )
  .chain(([scheme, password, rest]) => {
    const url = `${scheme}://nfm:${password}@${rest}`;
    return fc.constantFrom(
      { storage: { path: 'kept', postgresql: { url } } },
      { storage: { postgresql: { url, path: url } } },
      { storage: { postgresql: { url: [url] } } },
      { storage: { postgresql: url } },
      { storage: { postgresql: [url] } },
      { storage: [{ postgresql: { url } }] },
      { replicas: { url } },
    );
  });

it('hides the password of a database in all errors', async () => {
  const property = fc.asyncProperty(anyStorage, async (config) => {
    const options = { file: 'nfm-exporter.yml', env: {}, fallbackRegion: async () => 'us-east-1' };
    const error: unknown = await loadConfig(stringify(config), options).catch((thrown: unknown) => thrown);
    const shown = error instanceof ConfigError ? `${error.stack}${error.message}${JSON.stringify(error.problems)}` : '';
    expect(shown).not.toContain(CANARY);
  });
  await fc.assert(property, { numRuns: 300 });
});

it('hides external ids and values of session tags in all errors', async () => {
  let refused = 0;
  const property = fc.asyncProperty(anyConfig, async (config) => {
    const error: unknown = await loadConfig(stringify(config), {
      file: 'nfm-exporter.yml',
      env: {},
      fallbackRegion: async () => 'us-east-1',
    }).catch((thrown: unknown) => thrown);
    const shown = error instanceof ConfigError ? `${error.stack}${error.message}${JSON.stringify(error.problems)}` : '';
    refused += Number(error instanceof ConfigError);
    expect(shown).not.toContain(CANARY);
    expect(shown).not.toContain('4711');
  });
  await fc.assert(property, { numRuns: 500 });
  expect(refused).toBeGreaterThan(250);
});
