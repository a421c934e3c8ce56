import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of the config files: `*.ok.*` are good, `*.bad.*` have their errors, one a line, in a `*.bad.txt`. */
export const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

/** What the fixtures' variables hold; those with `NO_SUCH` in their names are not set. */
export const FIXTURE_ENV = { ACCOUNT: 'hush-hush', PASSWORD: 'hunter2', EMPTY: '', RPS: '2.5' };

export function fixtureNames(verdict: 'ok' | 'bad'): string[] {
  return readdirSync(FIXTURES).filter((name) => name.includes(`.${verdict}.`) && !name.endsWith('.txt'));
}

export function readFixture(name: string): string {
  return readFileSync(`${FIXTURES}${name}`, 'utf8');
}
