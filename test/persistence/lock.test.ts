import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { lockText } from '../../src/persistence/storage/lock-file.ts';
import { StorageInUseError } from '../../src/persistence/storage/storage-error.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { NOTES } from './kinds.ts';
import { type OpenedStorage, openStorage } from './opened-storage.ts';

const DEAD = '00000000deadbeef';

/** Creates the files that an exporter leaves behind if it is killed: lock, socket without a listener, scratch directory. */
async function leaveDead(directory: string, host: string): Promise<void> {
  const listen = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', listen, join(directory, `socket-${DEAD}`)]), 'exit');
  mkdirSync(join(directory, `writing-${DEAD}`));
  writeFileSync(join(directory, 'lock.3'), lockText({ host, id: DEAD, socket: true }, 12));
  expect(readdirSync(directory)).toContain(`socket-${DEAD}`);
}

/** Advances a clock, and gives the file system time in between. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await clock.advance(1_000);
    await pause(5);
  }
}

/** Advances a clock until a storage is opened or refused. */
async function opened(opening: Promise<OpenedStorage>, clock: FakeClock): Promise<OpenedStorage> {
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  opening.then(done, done);
  for (let second = 0; !isDone && second < 120; second += 1) {
    await pass(clock, 1);
  }
  return opening;
}

describe('on one host', () => {
  test('refuses a second exporter as long as the first one is alive', async () => {
    const directory = temporaryFolder();
    const first = await openStorage(directory);
    const refused = `storage ${directory}: another exporter uses it, on host here. Stop that exporter, or set another storage.path.`;
    await expect(openStorage(directory)).rejects.toThrow(refused);
    await expect(openStorage(directory)).rejects.toBeInstanceOf(StorageInUseError);
    await first.storage.records(NOTES).put('a', { text: 'still writes' });
    expect(first.losses).toEqual([]);
    await first.storage.close();
    const { storage } = await openStorage(directory);
    expect(await storage.records(NOTES).load()).toEqual(new Map([['a', { text: 'still writes' }]]));
  });

  test('takes over from a dead exporter at once, and removes its files', async () => {
    const directory = temporaryFolder();
    await leaveDead(directory, 'here');
    const { storage } = await openStorage(directory, { clock: new FakeClock() });
    expect(readdirSync(directory).filter((name) => name.includes(DEAD) || name === 'lock.3')).toEqual([]);
    await storage.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('locks a directory whose path is too long for a socket', async () => {
    const directory = join(temporaryFolder(), 'd'.repeat(200), 'e'.repeat(200));
    const first = await openStorage(directory);
    expect(readdirSync(directory).filter((name) => name.startsWith('socket-'))).toHaveLength(1);
    await expect(openStorage(directory)).rejects.toBeInstanceOf(StorageInUseError);
    await first.storage.close();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('waits for the lock of an exporter whose socket is missing', async () => {
    const directory = temporaryFolder();
    await leaveDead(directory, 'here');
    rmSync(join(directory, `socket-${DEAD}`));
    const clock = new FakeClock();
    await opened(openStorage(directory, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
  });

  test('admits exactly one of many exporters that find a dead one', { timeout: 30_000 }, async () => {
    const directory = temporaryFolder();
    await leaveDead(directory, 'here');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openStorage(directory)));
    const refusals = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refusals).toHaveLength(7);
    expect(refusals.every((reason) => reason instanceof StorageInUseError)).toBe(true);
    for (const each of tries) {
      if (each.status === 'fulfilled') {
        await each.value.storage.records(NOTES).put('a', { text: 'by the holder' });
      }
    }
  });
});

describe('on another host', () => {
  test('refuses a second exporter while the lock is renewed, whatever the clocks show', async () => {
    const directory = temporaryFolder();
    const there = new FakeClock();
    await openStorage(directory, { clock: there, host: 'there' });
    const here = new FakeClock();
    here.jump(86_400_000);
    const opening = openStorage(directory, { clock: here });
    const refused = expect(opened(opening, here)).rejects.toThrow('another exporter uses it, on host there');
    await pass(there, 20);
    await refused;
    expect(here.monotonic()).toBeLessThan(30_000);
  });

  test('takes over from a dead exporter after 30 s, and logs the wait', async () => {
    const directory = temporaryFolder();
    await leaveDead(directory, 'there');
    const clock = new FakeClock();
    const { log } = await opened(openStorage(directory, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(clock.monotonic()).toBeLessThan(60_000);
    expect(log.events).toMatchObject([
      {
        level: 'info',
        msg: expect.stringContaining('waiting'),
        fields: { directory, holder: 'there', at_most: '30s' },
      },
    ]);
  });

  test('waits for a lock that no exporter has written (an empty file)', async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, 'lock.1'), '');
    const clock = new FakeClock();
    await opened(openStorage(directory, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
  });

  test('stops the writes of a suspended exporter that was replaced, and reports the loss', async () => {
    const directory = temporaryFolder();
    const asleep = new FakeClock();
    const first = await openStorage(directory, { clock: asleep, host: 'there' });
    const notes = first.storage.records(NOTES);
    await notes.put('a', { text: 'before' });
    const clock = new FakeClock();
    const second = await opened(openStorage(directory, { clock }), clock);
    await expect(notes.put('a', { text: 'after' })).rejects.toThrow('another exporter uses it, on host here');
    await expect(notes.delete('a')).rejects.toBeInstanceOf(StorageInUseError);
    expect(first.losses).toHaveLength(1);
    expect(await second.storage.records(NOTES).read('a')).toEqual({ text: 'before' });
    await first.storage.close();
    await second.storage.records(NOTES).put('a', { text: 'of the second' });
    expect(second.losses).toEqual([]);
  });

  test('keeps the records if a suspended exporter that was replaced removes some', async () => {
    const directory = temporaryFolder();
    const first = await openStorage(directory, { clock: new FakeClock(), host: 'there' });
    const notes = first.storage.records(NOTES);
    await notes.put('a', { text: 'before' });
    const clock = new FakeClock();
    const second = await opened(openStorage(directory, { clock }), clock);
    await expect(notes.delete('a')).rejects.toBeInstanceOf(StorageInUseError);
    await notes.keepOnly([]);
    expect(await second.storage.records(NOTES).read('a')).toEqual({ text: 'before' });
  });

  test('reports the loss to a suspended exporter without pending writes', async () => {
    const directory = temporaryFolder();
    const asleep = new FakeClock();
    const first = await openStorage(directory, { clock: asleep, host: 'there' });
    const clock = new FakeClock();
    await opened(openStorage(directory, { clock }), clock);
    await pass(asleep, 6);
    await vi.waitFor(() => expect(first.losses).toHaveLength(1));
    expect(first.losses[0]?.message).toContain('on host here');
  });
});
