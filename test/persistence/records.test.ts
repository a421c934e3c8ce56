import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recordFileName } from '../../src/persistence/storage/record.ts';
import { StorageError } from '../../src/persistence/storage/storage-error.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { NOTES, type Note } from './kinds.ts';
import { openStorage } from './opened-storage.ts';

function note(folder: string, key: string): string {
  return join(folder, 'notes', recordFileName(key));
}

/** What somebody else finds who opens the folder now. */
async function reopened(folder: string) {
  const { storage, log } = await openStorage(folder);
  const notes = storage.records(NOTES);
  const loaded = await notes.load();
  await storage.close();
  return { loaded: Object.fromEntries(loaded), log };
}

test('what was stored is there when the folder is opened again, and nothing else', async () => {
  const folder = join(temporaryFolder(), 'made/for/it');
  const { storage } = await openStorage(folder);
  const notes = storage.records(NOTES);
  await Promise.all([
    notes.put('a', { text: 'first' }),
    notes.put('é:/..', { text: 'ü' }),
    notes.put('b', { text: '' }),
  ]);
  await notes.put('a', { text: 'second' });
  await notes.delete('b');
  await notes.delete('never there');
  expect(await notes.read('a')).toEqual({ text: 'second' });
  expect(await notes.read('b')).toBeUndefined();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(note(folder, 'a')).mode & 0o777).toBe(0o600);
  await storage.close();
  expect(readdirSync(folder), 'neither lock nor temporary files are left').toEqual(['notes']);
  expect((await reopened(folder)).loaded).toEqual({ a: { text: 'second' }, 'é:/..': { text: 'ü' } });
});

test('to remove what was never there is no failure, though nothing was', async () => {
  const { storage, log } = await openStorage(temporaryFolder());
  await storage.records(NOTES).delete('a');
  expect(storage.writable).toBe(true);
  expect(log.events).toEqual([]);
});

test('of many changes of one record the last one counts, and most are never written', async () => {
  const folder = temporaryFolder();
  const { storage } = await openStorage(folder);
  const notes = storage.records(NOTES);
  const written: string[] = [];
  const one = Array.from({ length: 100 }, (_, n) => notes.put('a', { text: `${n}` }));
  void one[0]?.then(() => written.push(readFileSync(note(folder, 'a'), 'utf8').split('\n')[1] ?? ''));
  await Promise.all([...one, notes.delete('a'), notes.put('a', { text: 'end' })]);
  expect(await notes.read('a')).toEqual({ text: 'end' });
  expect(written).toEqual(['{"text":"end"}']);
});

test('a change resolves only when it can be read by others', async () => {
  const folder = temporaryFolder();
  const { storage } = await openStorage(folder);
  const notes = storage.records(NOTES);
  await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      await notes.put(`k${n}`, { text: `${n}` });
      expect(readFileSync(note(folder, `k${n}`), 'utf8')).toContain(`{"text":"${n}"}`);
    }),
  );
});

test('records of other keys go when only some are to be kept', async () => {
  const folder = temporaryFolder();
  const { storage } = await openStorage(folder);
  const notes = storage.records(NOTES);
  await Promise.all(['a', 'b', 'c'].map((key) => notes.put(key, { text: key })));
  await notes.keepOnly(['b']);
  expect([...(await notes.load()).keys()]).toEqual(['b']);
});

describe('a damaged record is set aside, told, and costs nothing else', () => {
  test.each<[string, (file: string) => void, RegExp]>([
    ['cut off', (file) => truncateSync(file, 70), /checksum|begin/],
    ['empty', (file) => truncateSync(file, 0), /does not begin as a record does/],
    ['of zeros, as after a power failure', (file) => writeFileSync(file, Buffer.alloc(200)), /does not begin/],
    ['other JSON', (file) => writeFileSync(file, '{"text":"a"}\n'), /does not begin as a record does/],
    ['changed', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('good', 'evil')), /checksum is wrong/],
    [
      'of a newer version',
      (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":7')),
      /version 7, which a newer exporter has written/,
    ],
    [
      'a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      /not a file/,
    ],
    [
      'a pipe, which hangs who reads it',
      (file) => {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      },
      /not a file/,
    ],
    ['too large', (file) => truncateSync(file, 10 * 1024 ** 3), /too large/],
    [
      'a copy of another',
      (file) => copyFileSync(join(file, '..', recordFileName('other')), file),
      /has the name of another record/,
    ],
  ])('%s', async (_, damage, reason) => {
    const folder = temporaryFolder();
    const { storage } = await openStorage(folder);
    const notes = storage.records(NOTES);
    await Promise.all([notes.put('a', { text: 'good' }), notes.put('other', { text: 'kept' })]);
    await storage.close();
    damage(note(folder, 'a'));
    const { loaded, log } = await reopened(folder);
    expect(loaded).toEqual({ other: { text: 'kept' } });
    expect(log.events).toMatchObject([
      {
        level: 'error',
        msg: 'a damaged record of the storage is set aside',
        fields: { file: note(folder, 'a'), lost: 'a note', reason: expect.stringMatching(reason) },
      },
    ]);
    const aside = String(log.events[0]?.fields['set_aside_as']);
    expect(aside).toMatch(/^a\..*\.json\.damaged-\d{8}T/);
    expect(existsSync(join(folder, 'notes', aside))).toBe(true);
    const again = await reopened(folder);
    expect(again.log.events, 'told once').toEqual([]);
  });

  test('a file where the folder of the records should be', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'notes'), 'not a folder');
    const { storage, log } = await openStorage(folder);
    const notes = storage.records(NOTES);
    expect(await notes.load()).toEqual(new Map());
    expect(log.events).toMatchObject([{ level: 'error', fields: { reason: 'it is not a folder', lost: 'a note' } }]);
    await notes.put('a', { text: 'goes on' });
    expect((await reopenedAfter(storage, folder)).loaded).toEqual({ a: { text: 'goes on' } });
  });

  test('one that is no value of its kind', async () => {
    const folder = temporaryFolder();
    const { storage } = await openStorage(folder);
    await storage.records<Note | number>({ ...NOTES, read: () => 1 }).put('a', 1);
    const { loaded, log } = await reopenedAfter(storage, folder);
    expect(loaded).toEqual({});
    expect(log.events).toMatchObject([{ fields: { reason: 'it holds something else' } }]);
  });

  test('of many, only the newest are kept', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'notes'));
    for (let n = 0; n < 30; n += 1) {
      writeFileSync(join(folder, 'notes', `${n}.json`), 'garbage');
    }
    const { log } = await reopened(folder);
    expect(log.events).toHaveLength(30);
    expect(readdirSync(join(folder, 'notes'))).toHaveLength(20);
  });
});

async function reopenedAfter(storage: { close(): Promise<void> }, folder: string) {
  await storage.close();
  return reopened(folder);
}

test('what an exporter that was killed has left half written is removed', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'writing-0123456789abcdef'));
  writeFileSync(join(folder, 'writing-0123456789abcdef', '7'), 'half');
  const { storage } = await openStorage(folder);
  expect(readdirSync(folder).filter((name) => name.includes('0123456789abcdef'))).toEqual([]);
  await storage.close();
  expect(readdirSync(folder)).toEqual([]);
});

describe('a folder that cannot be had', () => {
  test('below a file', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openStorage(join(file, 'folder'))).rejects.toThrow(StorageError);
    await expect(openStorage(file)).rejects.toThrow(`storage ${file}: it is not a folder`);
  });
});
