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

describe.skipIf(!CAN_MOUNT)('a full disk', () => {
  test('keeps the stored records, and is written again once it has space', async () => {
    const directory = smallDisk(1_024);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    const notes = storage.records({ ...NOTES, keepTrying: true });
    await notes.put('a', { text: 'old' });
    expect(storage.writable).toBe(true);
    const filler = fill(directory);
    const text = 'x'.repeat(100_000);
    await expect(notes.put('a', { text })).rejects.toMatchObject({ name: 'StorageError', code: 'ENOSPC' });
    await expect(notes.put('b', { text })).rejects.toThrow('no space left on the device');
    expect(storage.writable).toBe(false);
    expect(await notes.read('a')).toEqual({ text: 'old' });
    expect(readdirSync(join(directory, 'notes'))).toEqual([recordFileName('a')]);
    const [scratch = ''] = readdirSync(directory).filter((name) => name.startsWith('writing-'));
    expect(readdirSync(join(directory, scratch)), 'temporary files').toEqual([]);
    expect(log.messages()).toEqual(['storage not writable']);

    while (log.messages().length === 1) {
      await clock.advance(10_000);
      await pause(1);
    }
    expect(log.messages()).toEqual(['storage not writable', 'storage still not writable']);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(3_600_000);

    rmSync(filler);
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(await notes.read('b')).toEqual({ text });
    });
    expect(await notes.read('a')).toEqual({ text });
    expect(storage.writable).toBe(true);
    expect(log.messages().at(-1)).toBe('storage writable again');
  });

  test('does not get records later whose writes were reported as failed', async () => {
    const directory = smallDisk(1_024);
    const clock = new FakeClock();
    const { storage } = await openStorage(directory, { clock });
    const notes = storage.records(NOTES);
    await notes.put('kept', { text: '' });
    const filler = fill(directory);
    await expect(notes.put('a', { text: 'x'.repeat(100_000) })).rejects.toThrow();
    rmSync(filler);
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(storage.writable).toBe(true);
    });
    await storage.close();
    expect(readdirSync(join(directory, 'notes'))).toEqual([recordFileName('kept')]);
  });

  test('can be opened and read', async () => {
    const directory = smallDisk(1_024);
    const first = await openStorage(directory);
    await first.storage.records(NOTES).put('a', { text: 'there' });
    await first.storage.close();
    const filler = fill(directory);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    const notes = storage.records(NOTES);
    expect(storage.writable).toBe(false);
    expect(log.messages()).toEqual(['storage not writable']);
    expect(await notes.load()).toEqual(new Map([['a', { text: 'there' }]]));
    await expect(notes.put('a', { text: 'new' })).rejects.toThrow('no space left');
    rmSync(filler);
    await notes.put('a', { text: 'new' });
    expect(storage.writable).toBe(true);
    await expect(openStorage(directory), 'the lock is held now').rejects.toThrow('another exporter uses it');
  });

  test('is taken over by another exporter that starts once there is space', async () => {
    const directory = smallDisk(1_024);
    const filler = fill(directory);
    const first = await openStorage(directory, { clock: new FakeClock() });
    rmSync(filler);
    await openStorage(directory);
    await expect(first.storage.records(NOTES).put('a', { text: '' })).rejects.toThrow('another exporter uses it');
    expect(first.losses).toHaveLength(1);
  });
});

test('keeps the old file and the process if a file exceeds the size limit', () => {
  const directory = temporaryFolder();
  const run = (bytes: number, limit: string) =>
    JSON.parse(
      execFileSync(
        'bash',
        ['-c', `ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, WRITE_NOTES, directory, `${bytes}`],
        {
          encoding: 'utf8',
        },
      ),
    );
  expect(run(10, 'unlimited')).toEqual({ before: [], result: 'written', writable: true });
  const file = join(directory, 'notes', recordFileName('a'));
  const old = readFileSync(file, 'utf8');
  expect(run(100_000, '16')).toEqual({ before: ['a'], result: 'StorageError EFBIG', writable: false });
  expect(readFileSync(file, 'utf8')).toBe(old);
  expect(readdirSync(directory)).toEqual(['notes']);
});

describe.skipIf(!IS_ROOT)('a directory without write permission', () => {
  test('is opened, and reported as unwritable', () => {
    const directory = temporaryFolder();
    chownSync(directory, NOBODY, NOBODY);
    const run = () =>
      JSON.parse(
        execFileSync(process.execPath, [WRITE_NOTES, directory, '10'], { encoding: 'utf8', uid: NOBODY, gid: NOBODY }),
      );
    expect(run()).toEqual({ before: [], result: 'written', writable: true });
    chmodSync(directory, 0o500);
    chmodSync(join(directory, 'notes'), 0o500);
    expect(run()).toEqual({ before: ['a'], result: 'StorageError EACCES', writable: false });
    chmodSync(directory, 0o000);
    const refused = spawnSync(process.execPath, [WRITE_NOTES, directory, '10'], {
      encoding: 'utf8',
      uid: NOBODY,
      gid: NOBODY,
    });
    expect(refused.stderr).toContain(`storage ${directory}: permission denied`);
  });
});
