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

/** Advances a clock until a storage is opened or refused: two minutes at most. */
async function opened(directory: string, host = 'here'): Promise<OpenedStorage & { readonly waited: number }> {
  const clock = new FakeClock();
  const opening = openStorage(directory, { clock, host });
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  opening.then(done, done);
  for (let second = 0; !isDone && second < 120; second += 1) {
    await pause(5);
    await clock.advance(1_000);
  }
  expect(isDone, 'the storage is opened or refused').toBe(true);
  return { ...(await opening), waited: clock.monotonic() };
}

/** Checks that exactly one exporter can open the directory and write there. */
async function expectOneHolder<First extends OpenedStorage>(
  directory: string,
  opening: Promise<First>,
): Promise<First> {
  const first = await opening;
  expect(first.storage.writable).toBe(true);
  await first.storage.records(NOTES).put('a', { text: 'by the holder' });
  await expect(opened(directory), 'a second exporter').rejects.toBeInstanceOf(StorageInUseError);
  expect(first.losses).toEqual([]);
  return first;
}

describe('admits one exporter if a lock is named', () => {
  test.each([
    'lock.0',
    'lock.007',
    'lock.999999999999998',
    'lock.999999999999999',
    'lock.1000000000000000',
    'lock.9007199254740993',
    `lock.${'9'.repeat(250)}`,
  ])('%s', async (name) => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, name), DEAD);
    const { storage, waited } = await expectOneHolder(directory, opened(directory));
    expect(waited, 'the holder might be alive').toBeGreaterThanOrEqual(30_000);
    await storage.close();
    expect(readdirSync(directory)).toEqual(['notes']);
  });
});

describe('sets an entry that has the name of a lock but is not a file aside at once', () => {
  test.each<[string, (path: string) => void]>([
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['an empty directory', (path) => mkdirSync(path)],
    ['a directory with an entry', (path) => mkdirSync(join(path, 'entry'), { recursive: true })],
    ['a link to a missing target', (path) => symlinkSync('/nonexistent/lock', path)],
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
      const directory = temporaryFolder();
      make(join(directory, name));
      // The clock is stopped: the start must not wait.
      const { storage, log } = await expectOneHolder(directory, openStorage(directory, { clock: new FakeClock() }));
      const [event] = log.events;
      expect(event).toMatchObject({ level: 'error', fields: { file: join(directory, name) } });
      await storage.close();
      const aside = String(event?.fields['set_aside_as']);
      expect(
        readdirSync(directory)
          .filter((each) => each !== `${name}.pipe`)
          .sort(),
      ).toEqual([aside, 'notes'].sort());
    }
  });
});

describe('an invalid lock file', () => {
  test('that is huge is not read completely', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'lock.4'), '');
    truncateSync(join(directory, 'lock.4'), 1024 ** 4);
    const { waited } = await expectOneHolder(directory, opened(directory));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });

  test('whose ID is a path to the socket of another program is not followed', async () => {
    const directory = temporaryFolder();
    const other = temporaryFolder();
    const { storage } = await openStorage(other);
    const [socket = ''] = readdirSync(other).filter((name) => name.startsWith('socket-'));
    const id = `x/../../${other.split('/').at(-1)}/${socket}`;
    writeFileSync(join(directory, 'lock.1'), lockText({ host: 'here', id, socket: true }, 1));
    mkdirSync(join(directory, 'socket-x'));
    await expectOneHolder(directory, opened(directory));
    await storage.close();
  });

  test('whose socket is a regular file does not prove that the holder is dead', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'lock.1'), lockText({ host: 'here', id: '00000000deadbeef', socket: true }, 1));
    writeFileSync(join(directory, 'socket-00000000deadbeef'), '');
    const { waited } = await expectOneHolder(directory, opened(directory));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });
});

test('reports a loss to a holder whose lock is replaced by a pipe', async () => {
  const directory = temporaryFolder();
  const clock = new FakeClock();
  const first = await openStorage(directory, { clock });
  const [lock = ''] = readdirSync(directory).filter((name) => name.startsWith('lock.'));
  execFileSync('rm', [join(directory, lock)]);
  execFileSync('mkfifo', [join(directory, lock)]);
  for (let n = 0; n < 6 && first.losses.length === 0; n += 1) {
    await clock.advance(1_000);
    // For the disk of a busy machine.
    await pause(100);
  }
  expect(first.losses).toHaveLength(1);
  await expect(first.storage.records(NOTES).put('a', { text: '' })).rejects.toBeInstanceOf(StorageInUseError);
});

describe('an unreadable lock of another user', () => {
  test('is taken over if it was not renewed for 30 s', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'lock.2'), DEAD);
    failTo('open', join(directory, 'lock.2'), 'EACCES');
    const { waited } = await expectOneHolder(directory, opened(directory));
    expect(waited).toBeGreaterThanOrEqual(30_000);
  });

  test('keeps other exporters out while it is renewed', async () => {
    const directory = temporaryFolder();
    const lock = join(directory, 'lock.2');
    writeFileSync(lock, DEAD);
    failTo('open', lock, 'EACCES');
    const clock = new FakeClock();
    let isSettled = false;
    const opening = openStorage(directory, { clock }).finally(() => {
      isSettled = true;
    });
    const refused = expect(opening).rejects.toBeInstanceOf(StorageInUseError);
    for (let time = 1; !isSettled; time += 1) {
      utimesSync(lock, time, time);
      await clock.advance(1_000);
      await pause(10);
    }
    await refused;
  });
});
