import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { lockText } from '../../src/persistence/storage/lock-file.ts';
import { StorageInUseError } from '../../src/persistence/storage/storage-error.ts';
import { failTo } from '../support/failing-files.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { NOTES } from './kinds.ts';
import { type OpenedStorage, openStorage } from './opened-storage.ts';

const DEAD = lockText({ host: 'there', id: '00000000deadbeef', socket: true }, 12);

/** Turns a clock until a storage is open or refused: two minutes at most. */
async function opened(folder: string, host = 'here'): Promise<OpenedStorage & { readonly waited: number }> {
  const clock = new FakeClock();
  const opening = openStorage(folder, { clock, host });
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  opening.then(done, done);
  for (let second = 0; !isDone && second < 120; second += 1) {
    await pause(5);
    await clock.advance(1_000);
  }
  expect(isDone, 'the start hangs').toBe(true);
  return { ...(await opening), waited: clock.monotonic() };
}

/** Exactly one exporter has the folder and can write there. */
async function expectOneHolder<First extends OpenedStorage>(folder: string, opening: Promise<First>): Promise<First> {
  const first = await opening;
  expect(first.storage.writable).toBe(true);
  await first.storage.records(NOTES).put('a', { text: 'by the one' });
  await expect(opened(folder), 'a second one').rejects.toBeInstanceOf(StorageInUseError);
  expect(first.losses).toEqual([]);
  return first;
}

describe('two exporters never share a folder in which a lock has the name', () => {
  test.each([
    'lock.0',
    'lock.007',
    'lock.999999999999998',
    'lock.999999999999999',
    'lock.1000000000000000',
    'lock.9007199254740993',
    `lock.${'9'.repeat(250)}`,
  ])('%s', async (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, name), DEAD);
    const { storage, waited } = await expectOneHolder(folder, opened(folder));
    expect(waited, 'it could be alive').toBeGreaterThanOrEqual(30_000);
    await storage.close();
    expect(readdirSync(folder)).toEqual(['notes']);
  });
});

describe('what is no file and has the name of a lock is set aside at once', () => {
  test.each<[string, (path: string) => void]>([
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['an empty folder', (path) => mkdirSync(path)],
    ['a folder with something in it', (path) => mkdirSync(join(path, 'of somebody'), { recursive: true })],
    ['a link to nothing', (path) => symlinkSync('/nonexistent/lock', path)],
    ['a link to itself', (path) => symlinkSync(path, path)],
    ['a link to an endless device', (path) => symlinkSync('/dev/zero', path)],
    [
      'a link to a pipe',
      (path) => {
        execFileSync('mkfifo', [`${path}.pipe`]);
        symlinkSync(`${path}.pipe`, path);
      },
    ],
  ])('%s', async (_, make) => {
    for (const name of ['lock.1', 'lock.7', 'lock.999999999999999']) {
      const folder = temporaryFolder();
      make(join(folder, name));
      // The clock stands still: nothing is waited for.
      const { storage, log } = await expectOneHolder(folder, openStorage(folder, { clock: new FakeClock() }));
      const [event] = log.events;
      expect(event).toMatchObject({ level: 'error', fields: { file: join(folder, name) } });
      await storage.close();
      const aside = String(event?.fields['set_aside_as']);
      expect(
        readdirSync(folder)
          .filter((each) => each !== `${name}.pipe`)
          .sort(),
      ).toEqual([aside, 'notes'].sort());
    }
  });
});

describe('files that are no locks', () => {
  test('a huge one is not read whole', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.4'), '');
    truncateSync(join(folder, 'lock.4'), 1024 ** 4);
    const { waited } = await expectOneHolder(folder, opened(folder));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });

  test('one whose id leads to the socket of another program is not asked there', async () => {
    const folder = temporaryFolder();
    const other = temporaryFolder();
    const { storage } = await openStorage(other);
    const [socket = ''] = readdirSync(other).filter((name) => name.startsWith('socket-'));
    const id = `x/../../${other.split('/').at(-1)}/${socket}`;
    writeFileSync(join(folder, 'lock.1'), lockText({ host: 'here', id, socket: true }, 1));
    mkdirSync(join(folder, 'socket-x'));
    await expectOneHolder(folder, opened(folder));
    await storage.close();
  });

  test('a file in the place of the socket does not prove that the holder is dead', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.1'), lockText({ host: 'here', id: '00000000deadbeef', socket: true }, 1));
    writeFileSync(join(folder, 'socket-00000000deadbeef'), '');
    const { waited } = await expectOneHolder(folder, opened(folder));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });
});

test('a holder whose lock is replaced by a pipe learns of it, and neither hangs nor writes on', async () => {
  const folder = temporaryFolder();
  const clock = new FakeClock();
  const first = await openStorage(folder, { clock });
  const [lock = ''] = readdirSync(folder).filter((name) => name.startsWith('lock.'));
  execFileSync('rm', [join(folder, lock)]);
  execFileSync('mkfifo', [join(folder, lock)]);
  for (let n = 0; n < 6 && first.losses.length === 0; n += 1) {
    await clock.advance(1_000);
    await pause(20);
  }
  expect(first.losses).toHaveLength(1);
  await expect(first.storage.records(NOTES).put('a', { text: '' })).rejects.toBeInstanceOf(StorageInUseError);
});

describe('a lock of another user, which may not be read', () => {
  test('is followed once it was not renewed for 30 s', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.2'), DEAD);
    failTo('open', join(folder, 'lock.2'), 'EACCES');
    const { waited } = await expectOneHolder(folder, opened(folder));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });

  test('is seen to be renewed', async () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'lock.2');
    writeFileSync(lock, DEAD);
    failTo('open', lock, 'EACCES');
    const clock = new FakeClock();
    let isOver = false;
    const opening = openStorage(folder, { clock }).finally(() => {
      isOver = true;
    });
    const refused = expect(opening).rejects.toBeInstanceOf(StorageInUseError);
    for (let beat = 1; !isOver; beat += 1) {
      utimesSync(lock, beat, beat);
      await clock.advance(1_000);
      await pause(10);
    }
    await refused;
  });
});
