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

function note(directory: string, key: string): string {
  return join(directory, 'notes', recordFileName(key));
}

/** Opens the directory again and reads all notes. */
async function reopened(directory: string) {
  const { storage, log } = await openStorage(directory);
  const notes = storage.records(NOTES);
  const loaded = await notes.load();
  await storage.close();
  return { loaded: Object.fromEntries(loaded), log };
}

test('restores exactly the stored records when the storage is opened again', async () => {
  const directory = join(temporaryFolder(), 'made/for/it');
  const { storage } = await openStorage(directory);
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
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(statSync(note(directory, 'a')).mode & 0o777).toBe(0o600);
  await storage.close();
  expect(readdirSync(directory), 'no lock and no temporary files remain').toEqual(['notes']);
  expect((await reopened(directory)).loaded).toEqual({ a: { text: 'second' }, 'é:/..': { text: 'ü' } });
});

test('removing a record that does not exist succeeds', async () => {
  const { storage, log } = await openStorage(temporaryFolder());
  await storage.records(NOTES).delete('a');
  expect(storage.writable).toBe(true);
  expect(log.events).toEqual([]);
});

test('writes the last of many pending changes of a record, and skips most of the others', async () => {
  const directory = temporaryFolder();
  const { storage } = await openStorage(directory);
  const notes = storage.records(NOTES);
  const written: string[] = [];
  const one = Array.from({ length: 100 }, (_, n) => notes.put('a', { text: `${n}` }));
  void one[0]?.then(() => written.push(readFileSync(note(directory, 'a'), 'utf8').split('\n')[1] ?? ''));
  await Promise.all([...one, notes.delete('a'), notes.put('a', { text: 'end' })]);
  expect(await notes.read('a')).toEqual({ text: 'end' });
  expect(written).toEqual(['{"text":"end"}']);
});

test('resolves a write once other processes can read it', async () => {
  const directory = temporaryFolder();
  const { storage } = await openStorage(directory);
  const notes = storage.records(NOTES);
  await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      await notes.put(`k${n}`, { text: `${n}` });
      expect(readFileSync(note(directory, `k${n}`), 'utf8')).toContain(`{"text":"${n}"}`);
    }),
  );
});

test('removes the records of all keys except those to keep', async () => {
  const directory = temporaryFolder();
  const { storage } = await openStorage(directory);
  const notes = storage.records(NOTES);
  await Promise.all(['a', 'b', 'c'].map((key) => notes.put(key, { text: key })));
  await notes.keepOnly(['b']);
  expect([...(await notes.load()).keys()]).toEqual(['b']);
});

describe('sets a damaged record aside, logs it, and reads all others', () => {
  test.each<[string, (file: string) => void, RegExp]>([
    ['truncated', (file) => truncateSync(file, 70), /checksum|header/],
    ['empty', (file) => truncateSync(file, 0), /has no record header/],
    ['zeros, as after a power failure', (file) => writeFileSync(file, Buffer.alloc(200)), /has no record header/],
    ['other JSON', (file) => writeFileSync(file, '{"text":"a"}\n'), /has no record header/],
    [
      'changed',
      (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('good', 'evil')),
      /checksum does not match/,
    ],
    [
      'a newer version',
      (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":7')),
      /version is 7, written by a newer exporter/,
    ],
    [
      'a directory',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      /not a file/,
    ],
    [
      'a pipe, which blocks a reader',
      (file) => {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      },
      /not a file/,
    ],
    ['too large', (file) => truncateSync(file, 10 * 1024 ** 3), /larger than/],
    [
      'a copy of another record',
      (file) => copyFileSync(join(file, '..', recordFileName('other')), file),
      /has the name of another record/,
    ],
  ])('%s', async (_, damage, reason) => {
    const directory = temporaryFolder();
    const { storage } = await openStorage(directory);
    const notes = storage.records(NOTES);
    await Promise.all([notes.put('a', { text: 'good' }), notes.put('other', { text: 'kept' })]);
    await storage.close();
    damage(note(directory, 'a'));
    const { loaded, log } = await reopened(directory);
    expect(loaded).toEqual({ other: { text: 'kept' } });
    expect(log.events).toMatchObject([
      {
        level: 'error',
        msg: 'damaged record set aside',
        fields: { file: note(directory, 'a'), lost: 'a note', reason: expect.stringMatching(reason) },
      },
    ]);
    const aside = String(log.events[0]?.fields['set_aside_as']);
    expect(aside).toMatch(/^a\..*\.json\.damaged-\d{8}T/);
    expect(existsSync(join(directory, 'notes', aside))).toBe(true);
    const again = await reopened(directory);
    expect(again.log.events, 'logged once').toEqual([]);
  });

  test('a file in place of the directory of the records', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'notes'), 'not a directory');
    const { storage, log } = await openStorage(directory);
    const notes = storage.records(NOTES);
    expect(await notes.load()).toEqual(new Map());
    expect(log.events).toMatchObject([{ level: 'error', fields: { reason: 'it is not a directory', lost: 'a note' } }]);
    await notes.put('a', { text: 'continues' });
    expect((await reopenedAfter(storage, directory)).loaded).toEqual({ a: { text: 'continues' } });
  });

  test('a value of another kind', async () => {
    const directory = temporaryFolder();
    const { storage } = await openStorage(directory);
    await storage.records<Note | number>({ ...NOTES, read: () => 1 }).put('a', 1);
    const { loaded, log } = await reopenedAfter(storage, directory);
    expect(loaded).toEqual({});
    expect(log.events).toMatchObject([{ fields: { reason: 'the record is of another kind' } }]);
  });

  test('keeps only the newest of many files that were set aside', async () => {
    const directory = temporaryFolder();
    mkdirSync(join(directory, 'notes'));
    for (let n = 0; n < 30; n += 1) {
      writeFileSync(join(directory, 'notes', `${n}.json`), 'garbage');
    }
    const { log } = await reopened(directory);
    expect(log.events).toHaveLength(30);
    expect(readdirSync(join(directory, 'notes'))).toHaveLength(20);
  });
});

async function reopenedAfter(storage: { close(): Promise<void> }, directory: string) {
  await storage.close();
  return reopened(directory);
}

test('removes the partial files of an exporter that was killed', async () => {
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'writing-0123456789abcdef'));
  writeFileSync(join(directory, 'writing-0123456789abcdef', '7'), 'half');
  const { storage } = await openStorage(directory);
  expect(readdirSync(directory).filter((name) => name.includes('0123456789abcdef'))).toEqual([]);
  await storage.close();
  expect(readdirSync(directory)).toEqual([]);
});

describe('fails to open a storage', () => {
  test('whose path is a file, or is below a file', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openStorage(join(file, 'directory'))).rejects.toThrow(StorageError);
    await expect(openStorage(file)).rejects.toThrow(`storage ${file}: it is not a directory`);
  });
});
