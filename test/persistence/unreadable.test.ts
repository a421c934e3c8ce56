import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { recordFileName } from '../../src/persistence/storage/record.ts';
import { failTo } from '../support/failing-files.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { PROJECT } from '../support/project.ts';
import { CAN_MOUNT, smallDisk } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { NOTES } from './kinds.ts';
import { openStorage } from './opened-storage.ts';

const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65_534;
const PATIENT = { timeout: 15_000, interval: 50 };

/** A closed storage with one note. */
async function written(): Promise<{ readonly directory: string; readonly notes: string }> {
  const directory = temporaryFolder();
  const { storage } = await openStorage(directory);
  await storage.records(NOTES).put('a', { text: 'kept' });
  await storage.close();
  return { directory, notes: join(directory, 'notes') };
}

/** Replaces a directory by a symbolic link. Returns a function that restores it. */
function linkInstead(notes: string, target: string): () => void {
  renameSync(notes, `${notes}-away`);
  symlinkSync(target, notes);
  return () => {
    unlinkSync(notes);
    renameSync(`${notes}-away`, notes);
  };
}

describe('an unreadable directory of records', () => {
  test.each<[string, string, (notes: string) => () => void]>([
    ['a link to itself', 'ELOOP', (notes) => linkInstead(notes, notes)],
    ['a link to a missing target', 'ENOENT', (notes) => linkInstead(notes, '/nonexistent/volume')],
    ['a link through a file', 'ENOTDIR', (notes) => linkInstead(notes, '/dev/null/notes')],
    ...['EIO', 'EACCES', 'ESTALE', 'ENOTCONN', 'EUCLEAN', 'ENOMEM'].map(
      (code): [string, string, (notes: string) => () => void] => [
        `a device that fails with ${code}`,
        code,
        (notes) => failTo('readdir', notes, code),
      ],
    ),
  ])('is logged, loses no record, and is read once it is readable: %s', async (_, code, spoil) => {
    const { directory, notes } = await written();
    const repair = spoil(notes);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    const records = storage.records(NOTES);
    const others = storage.records({ ...NOTES, directory: 'others' });
    const late = vi.fn();
    expect(await records.load(late)).toEqual(new Map());
    await records.keepOnly([]);
    await others.put('b', { text: 'of another directory' });
    expect(storage.writable, 'another directory is writable').toBe(false);
    expect(storage.isComplete).toBe(false);
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(10_000);
      await pause(5);
    }
    expect(log.events).toMatchObject([
      {
        level: 'error',
        msg: 'storage directory unreadable',
        fields: {
          directory: notes,
          error: code,
          lost: 'a note',
          reason: expect.stringContaining(`storage ${notes}: `),
        },
      },
    ]);
    expect(late).not.toHaveBeenCalled();

    repair();
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(storage.writable).toBe(true);
    }, PATIENT);
    expect(late.mock.calls).toEqual([[new Map([['a', { text: 'kept' }]])]]);
    expect(storage.isComplete).toBe(true);
    expect(log.messages().slice(1)).toEqual(['storage directory readable again', 'storage writable again']);
    expect(readdirSync(notes)).toEqual([recordFileName('a')]);
  });

  test.each<[string, (path: string) => void]>([
    ['a file', (path) => writeFileSync(path, 'text')],
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
  ])('is set aside if it is not a directory: %s', async (_, make) => {
    const { directory, notes } = await written();
    renameSync(notes, `${notes}-away`);
    make(notes);
    const { storage, log } = await openStorage(directory);
    const records = storage.records(NOTES);
    expect(await records.load()).toEqual(new Map());
    await records.put('b', { text: 'new' });
    expect(storage.writable).toBe(true);
    expect(log.events).toMatchObject([{ level: 'error', fields: { file: notes, reason: 'it is not a directory' } }]);
    expect(existsSync(join(directory, String(log.events[0]?.fields['set_aside_as'])))).toBe(true);
  });

  test.skipIf(!IS_ROOT)('does not fail the start of a user without permission', async () => {
    const { directory, notes } = await written();
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, directory]);
    chownSync(notes, 0, 0);
    const script = `${PROJECT}test/persistence/write-notes.mjs`;
    const run = () =>
      JSON.parse(
        execFileSync(process.execPath, [script, directory, '10'], { encoding: 'utf8', uid: NOBODY, gid: NOBODY }),
      );
    for (const mode of [0o000, 0o700, 0o744, 0o711]) {
      chmodSync(notes, mode);
      expect(run(), mode.toString(8)).toEqual({ before: [], result: 'StorageError EACCES', writable: false });
    }
    expect(readdirSync(notes)).toEqual([recordFileName('a')]);
  });

  test('is not reported as writable while writes to it fail', async () => {
    const { directory, notes } = await written();
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    const records = storage.records({ ...NOTES, keepTrying: true });
    await records.load();
    const repair = linkInstead(notes, notes);
    await expect(records.put('b', { text: 'new' })).rejects.toMatchObject({ name: 'StorageError' });
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(10_000);
      await pause(5);
    }
    expect(storage.writable).toBe(false);
    expect(log.messages()).toEqual(['storage not writable']);
    repair();
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(await records.read('b')).toEqual({ text: 'new' });
    }, PATIENT);
    expect(storage.writable).toBe(true);
    expect(readdirSync(notes).sort()).toEqual([recordFileName('a'), recordFileName('b')].sort());
  });
});

test.skipIf(!CAN_MOUNT)(
  'reads a directory of records on another file system, and reports it as unwritable',
  async () => {
    const { directory, notes } = await written();
    const elsewhere = smallDisk(1_024);
    cpSync(notes, elsewhere, { recursive: true });
    linkInstead(notes, elsewhere);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    const records = storage.records({ ...NOTES, keepTrying: true });
    expect(await records.load()).toEqual(new Map([['a', { text: 'kept' }]]));
    await expect(records.put('b', { text: 'new' })).rejects.toThrow('on another file system');
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(10_000);
      await pause(5);
    }
    expect(storage.writable).toBe(false);
    expect(log.messages()).toEqual(['storage not writable']);
  },
);

test.each(['EIO', 'ESTALE', 'ENOTCONN'])(
  'opens a storage whose device fails with %s without its data',
  async (code) => {
    const { directory } = await written();
    const repair = failTo('readdir', directory, code);
    const clock = new FakeClock();
    const { storage, log } = await openStorage(directory, { clock });
    expect(log.events[0]).toMatchObject({
      level: 'error',
      msg: 'storage directory unreadable',
      fields: { directory, error: code },
    });
    expect(storage.writable).toBe(false);
    repair();
    await vi.waitFor(async () => {
      await clock.advance(10_000);
      expect(storage.writable).toBe(true);
    }, PATIENT);
    expect(await storage.records(NOTES).read('a')).toEqual({ text: 'kept' });
  },
);

test('reads large damaged files one at a time to limit memory', async () => {
  const { directory, notes } = await written();
  for (let n = 0; n < 16; n += 1) {
    const file = join(notes, `${n}.json`);
    writeFileSync(file, '');
    truncateSync(file, 60 * 1024 * 1024);
  }
  const script = `
    process.on('exit', () => process.stdout.write(' ' + process.resourceUsage().maxRSS / 1024));
    await import('${PROJECT}test/persistence/write-notes.mjs');`;
  const arguments_ = ['--input-type=module', '-e', script, 'write-notes', directory, '10'];
  const [result = '', megabytes] = execFileSync(process.execPath, arguments_, { encoding: 'utf8' }).split(' ');
  expect(JSON.parse(result)).toEqual({ before: ['a'], result: 'written', writable: true });
  expect(Number(megabytes), 'of 960 in total').toBeLessThan(800);
});
