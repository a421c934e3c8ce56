import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { recordFileName } from '../../src/persistence/storage/record.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PROJECT } from '../support/project.ts';
import { CAN_MOUNT, fill, smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { NOTES } from './kinds.ts';
import { openStorage } from './opened-storage.ts';

const WRITE_NOTES = `${PROJECT}test/persistence/write-notes.mjs`;
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;

describe.skipIf(!CAN_MOUNT)('a disk that is full', () => {
  test('keeps what was stored, whole, and is written again as soon as it can be', async () => {
    const folder = smallDisk(1_024);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(folder, { clock });
    const notes = storage.records({ ...NOTES, keepTrying: true });
    await notes.put('a', { text: 'old' });
    expect(storage.writable).toBe(true);
    const filler = fill(folder);
    const text = 'x'.repeat(100_000);
    await expect(notes.put('a', { text })).rejects.toMatchObject({ name: 'StorageError', code: 'ENOSPC' });
    await expect(notes.put('b', { text })).rejects.toThrow('no space is left on the device');
    expect(storage.writable).toBe(false);
    expect(await notes.read('a')).toEqual({ text: 'old' });
    expect(readdirSync(join(folder, 'notes'))).toEqual([recordFileName('a')]);
    const [scratch = ''] = readdirSync(folder).filter((name) => name.startsWith('writing-'));
    expect(readdirSync(join(folder, scratch)), 'temporary files').toEqual([]);
    expect(log.messages()).toEqual(['the storage cannot be written']);

    while (log.messages().length === 1) {
      await clock.advance(10_000);
      await pause(1);
    }
    expect(log.messages()).toEqual(['the storage cannot be written', 'the storage still cannot be written']);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(3_600_000);

    rmSync(filler);
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(await notes.read('b')).toEqual({ text });
    });
    expect(await notes.read('a')).toEqual({ text });
    expect(storage.writable).toBe(true);
    expect(log.messages().at(-1)).toBe('the storage can be written again');
  });

  test('writes nothing afterwards that somebody was told is not stored', async () => {
    const folder = smallDisk(1_024);
    const clock = new FakeClock();
    const { storage } = await openStorage(folder, { clock });
    const notes = storage.records(NOTES);
    await notes.put('kept', { text: '' });
    const filler = fill(folder);
    await expect(notes.put('a', { text: 'x'.repeat(100_000) })).rejects.toThrow();
    rmSync(filler);
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(storage.writable).toBe(true);
    });
    await storage.close();
    expect(readdirSync(join(folder, 'notes'))).toEqual([recordFileName('kept')]);
  });

  test('is opened when it is full already: what is there can be read', async () => {
    const folder = smallDisk(1_024);
    const first = await openStorage(folder);
    await first.storage.records(NOTES).put('a', { text: 'there' });
    await first.storage.close();
    const filler = fill(folder);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(folder, { clock });
    const notes = storage.records(NOTES);
    expect(storage.writable).toBe(false);
    expect(log.messages()).toEqual(['the storage cannot be written']);
    expect(await notes.load()).toEqual(new Map([['a', { text: 'there' }]]));
    await expect(notes.put('a', { text: 'new' })).rejects.toThrow('no space is left');
    rmSync(filler);
    await notes.put('a', { text: 'new' });
    expect(storage.writable).toBe(true);
    await expect(openStorage(folder), 'it has the lock now').rejects.toThrow('another exporter uses it');
  });

  test('is lost to another exporter that could be started when there was room again', async () => {
    const folder = smallDisk(1_024);
    const filler = fill(folder);
    const first = await openStorage(folder, { clock: new FakeClock() });
    rmSync(filler);
    await openStorage(folder);
    await expect(first.storage.records(NOTES).put('a', { text: '' })).rejects.toThrow('another exporter uses it');
    expect(first.losses).toHaveLength(1);
  });
});

test('a file that may not be that large: the process lives on, the old one stays', () => {
  const folder = temporaryFolder();
  const run = (bytes: number, limit: string) =>
    JSON.parse(
      execFileSync(
        'bash',
        ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, WRITE_NOTES, folder, `${bytes}`],
        {
          encoding: 'utf8',
        },
      ),
    );
  expect(run(10, 'unlimited')).toEqual({ before: [], result: 'written', writable: true });
  const file = join(folder, 'notes', recordFileName('a'));
  const old = readFileSync(file, 'utf8');
  expect(run(100_000, '16')).toEqual({ before: ['a'], result: 'StorageError EFBIG', writable: false });
  expect(readFileSync(file, 'utf8')).toBe(old);
  expect(readdirSync(folder)).toEqual(['notes']);
});

describe.skipIf(!IS_ROOT)('a folder that the user may not write', () => {
  test('is opened all the same, and told', () => {
    const folder = temporaryFolder();
    chownSync(folder, NOBODY, NOBODY);
    const run = () =>
      JSON.parse(
        execFileSync(process.execPath, [WRITE_NOTES, folder, '10'], { encoding: 'utf8', uid: NOBODY, gid: NOBODY }),
      );
    expect(run()).toEqual({ before: [], result: 'written', writable: true });
    chmodSync(folder, 0o500);
    chmodSync(join(folder, 'notes'), 0o500);
    expect(run()).toEqual({ before: ['a'], result: 'StorageError EACCES', writable: false });
    chmodSync(folder, 0o000);
    const refused = spawnSync(process.execPath, [WRITE_NOTES, folder, '10'], {
      encoding: 'utf8',
      uid: NOBODY,
      gid: NOBODY,
    });
    expect(refused.stderr).toContain(`storage ${folder}: the system does not permit it`);
  });
});
