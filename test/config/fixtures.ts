import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Directory of the config files. `*.ok.*` are valid. `*.bad.*` are invalid, with their errors, one per line, in `*.bad.txt`. */
export const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));

/** Environment variables of the fixtures. Those with `NO_SUCH` in their names are unset. */
export const FIXTURE_ENV = { ACCOUNT: 'hush-hush', PASSWORD: 'hunter2', EMPTY: '', RPS: '2.5' };

export function fixtureNames(verdict: 'ok' | 'bad'): string[] {
  return readdirSync(FIXTURES).filter((name) => name.includes(`.${verdict}.`) && !name.endsWith('.txt'));
}

export function readFixture(name: string): string {
  return readFileSync(`${FIXTURES}${name}`, 'utf8');
}
