import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/reading/problem.ts';
import { loadConfigFile } from '../../src/queries/load.ts';
import { FIXTURE_ENV, FIXTURES, fixtureNames, readFixture } from './fixtures.ts';

async function errorOf(name: string): Promise<unknown> {
  const file = `${FIXTURES}${name}`;
  return loadConfigFile({ file, env: FIXTURE_ENV, fallbackRegion: async () => undefined }).catch((error) => error);
}

describe('an invalid config file', () => {
  it.each(fixtureNames('bad'))('reports all errors of an invalid file in one pass: %s', async (name) => {
    const error = await errorOf(name);
    expect(error).toBeInstanceOf(ConfigError);
    const message = error instanceof ConfigError ? error.message : '';
    const expected = readFixture(name.replace(/\.\w+$/, '.txt'));
    expect(`${message.replaceAll(FIXTURES, '')}\n`).toBe(expected);
  });

  it('splits each problem of an invalid file into its parts', async () => {
    const error = await errorOf('stale-after.bad.yml');
    expect(error).toMatchObject({
      problems: [
        {
          path: 'polling.staleAfter',
          line: 2,
          got: '"1m"',
          expected: 'at least 6m, 3 × the interval of queries[1] (line 5)',
          message:
            'polling.staleAfter (line 2): got "1m", expected at least 6m, 3 × the interval of queries[1] (line 5)',
        },
      ],
    });
  });

  it('hides the values of environment variables', async () => {
    const error = await errorOf('environment.bad.yml');
    const shown = `${error instanceof ConfigError ? error.stack : ''}${JSON.stringify(error)}`;
    expect(shown).toContain('PASSWORD');
    expect(shown).not.toContain(FIXTURE_ENV.PASSWORD);
    expect(shown).not.toContain(FIXTURE_ENV.ACCOUNT);
  });
});
