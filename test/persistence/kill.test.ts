import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { members, numberOf } from '../../src/lib/json-values.ts';
import type { RecordKind } from '../../src/persistence/storage/record-directory.ts';
import { PROJECT } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { openStorage } from './opened-storage.ts';

const KILLS = Number(process.env['STORAGE_KILLS'] ?? 5);

const NUMBERS: RecordKind<{ readonly n: number }> = {
  directory: 'notes',
  holds: 'a number',
  read(value) {
    const n = numberOf(members(value)['n']);
    return n === undefined ? undefined : { n };
  },
  keepTrying: false,
};

test(`keeps all acknowledged records, and no partial ones, if it is killed ${KILLS} times while it writes`, {
  timeout: 120_000 + KILLS * 20_000,
}, async () => {
  const directory = temporaryFolder();
  /** Possible values of each note: the last acknowledged one, and those whose write has started since. 0 if it may be absent. */
  const possible = new Map<string, number[]>();
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child = spawn(process.execPath, [
      `${PROJECT}test/persistence/keep-writing.mjs`,
      directory,
      `${kill * 100_000}`,
    ]);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const closed = once(child, 'close');
    await once(child.stdout, 'data');
    await pause(Math.random() * 200);
    child.kill('SIGKILL');
    await closed;
    for (const line of output.split('\n').slice(0, -1)) {
      const [what, key = '', n] = line.split(' ');
      const before = possible.get(key) ?? [0];
      possible.set(key, what === 'done' ? [Number(n)] : [...before, Number(n)]);
      acknowledged += what === 'done' ? 1 : 0;
    }
    const { storage, log } = await openStorage(directory, { host: hostname() });
    const found = await storage.records(NUMBERS).load();
    await storage.close();
    expect(log.events).toEqual([]);
    for (const [key, values] of possible) {
      const n = found.get(key)?.n ?? 0;
      expect(values, `${key} after kill ${kill}`).toContain(n);
      possible.set(key, [n]);
    }
  }
  expect(readdirSync(directory)).toEqual(['notes']);
  expect(readdirSync(join(directory, 'notes')).every((name) => name.endsWith('.json'))).toBe(true);
  expect(acknowledged, 'enough records were acknowledged').toBeGreaterThan(KILLS);
});
