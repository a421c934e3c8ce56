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

/** What an exporter leaves that was killed: its lock, its socket to which nobody listens, what it was writing. */
async function leaveDead(folder: string, host: string): Promise<void> {
  const listen = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', listen, join(folder, `socket-${DEAD}`)]), 'exit');
  mkdirSync(join(folder, `writing-${DEAD}`));
  writeFileSync(join(folder, 'lock.3'), lockText({ host, id: DEAD, socket: true }, 12));
  expect(readdirSync(folder)).toContain(`socket-${DEAD}`);
}

/** Turns a clock on, and lets the file system answer between. */
async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await clock.advance(1_000);
    await pause(5);
  }
}

/** Turns a clock until a storage is open or refused. */
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
  test('a second exporter is refused as long as the first one lives, then not', async () => {
    const folder = temporaryFolder();
    const first = await openStorage(folder);
    const refused = `storage ${folder}: another exporter uses it, on host here; stop that one, or give each a folder of its own`;
    await expect(openStorage(folder)).rejects.toThrow(refused);
    await expect(openStorage(folder)).rejects.toBeInstanceOf(StorageInUseError);
    await first.storage.records(NOTES).put('a', { text: 'still writes' });
    expect(first.losses).toEqual([]);
    await first.storage.close();
    const { storage } = await openStorage(folder);
    expect(await storage.records(NOTES).load()).toEqual(new Map([['a', { text: 'still writes' }]]));
  });

  test('a dead one is followed at once, and all it left of itself goes', async () => {
    const folder = temporaryFolder();
    await leaveDead(folder, 'here');
    const { storage } = await openStorage(folder, { clock: new FakeClock() });
    expect(readdirSync(folder).filter((name) => name.includes(DEAD) || name === 'lock.3')).toEqual([]);
    await storage.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder whose path is longer than a socket may have', async () => {
    const folder = join(temporaryFolder(), 'd'.repeat(200), 'e'.repeat(200));
    const first = await openStorage(folder);
    expect(readdirSync(folder).filter((name) => name.startsWith('socket-'))).toHaveLength(1);
    await expect(openStorage(folder)).rejects.toBeInstanceOf(StorageInUseError);
    await first.storage.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('where the socket of the lock is gone, only time tells', async () => {
    const folder = temporaryFolder();
    await leaveDead(folder, 'here');
    rmSync(join(folder, `socket-${DEAD}`));
    const clock = new FakeClock();
    await opened(openStorage(folder, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
  });

  test('of many that find a dead one, exactly one follows it', { timeout: 30_000 }, async () => {
    const folder = temporaryFolder();
    await leaveDead(folder, 'here');
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => openStorage(folder)));
    const refusals = tries.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    expect(refusals).toHaveLength(7);
    expect(refusals.every((reason) => reason instanceof StorageInUseError)).toBe(true);
    for (const each of tries) {
      if (each.status === 'fulfilled') {
        await each.value.storage.records(NOTES).put('a', { text: 'by the one' });
      }
    }
  });
});

describe('on another host', () => {
  test('one that renews its lock is found to live, whatever the clocks say', async () => {
    const folder = temporaryFolder();
    const there = new FakeClock();
    await openStorage(folder, { clock: there, host: 'there' });
    const here = new FakeClock();
    here.jump(86_400_000);
    const opening = openStorage(folder, { clock: here });
    const refused = expect(opened(opening, here)).rejects.toThrow('another exporter uses it, on host there');
    await pass(there, 20);
    await refused;
    expect(here.monotonic()).toBeLessThan(30_000);
  });

  test('a dead one is followed after 30 s, and the log says what is waited for', async () => {
    const folder = temporaryFolder();
    await leaveDead(folder, 'there');
    const clock = new FakeClock();
    const { log } = await opened(openStorage(folder, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(clock.monotonic()).toBeLessThan(60_000);
    expect(log.events).toMatchObject([
      { level: 'info', msg: expect.stringContaining('waiting'), fields: { folder, holder: 'there', at_most: '30s' } },
    ]);
  });

  test('a lock that is none of ours, such as an empty file, is waited for as well', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock.1'), '');
    const clock = new FakeClock();
    await opened(openStorage(folder, { clock }), clock);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(30_000);
  });

  test('one that slept and was followed cannot write any more, and learns of it', async () => {
    const folder = temporaryFolder();
    const asleep = new FakeClock();
    const first = await openStorage(folder, { clock: asleep, host: 'there' });
    const notes = first.storage.records(NOTES);
    await notes.put('a', { text: 'before' });
    const clock = new FakeClock();
    const second = await opened(openStorage(folder, { clock }), clock);
    await expect(notes.put('a', { text: 'after' })).rejects.toThrow('another exporter uses it, on host here');
    await expect(notes.delete('a')).rejects.toBeInstanceOf(StorageInUseError);
    expect(first.losses).toHaveLength(1);
    expect(await second.storage.records(NOTES).read('a')).toEqual({ text: 'before' });
    await first.storage.close();
    await second.storage.records(NOTES).put('a', { text: 'of the second' });
    expect(second.losses).toEqual([]);
  });

  test('one that slept and was followed removes nothing', async () => {
    const folder = temporaryFolder();
    const first = await openStorage(folder, { clock: new FakeClock(), host: 'there' });
    const notes = first.storage.records(NOTES);
    await notes.put('a', { text: 'before' });
    const clock = new FakeClock();
    const second = await opened(openStorage(folder, { clock }), clock);
    await expect(notes.delete('a')).rejects.toBeInstanceOf(StorageInUseError);
    await notes.keepOnly([]);
    expect(await second.storage.records(NOTES).read('a')).toEqual({ text: 'before' });
  });

  test('one that slept and has nothing to write learns of it when it wakes', async () => {
    const folder = temporaryFolder();
    const asleep = new FakeClock();
    const first = await openStorage(folder, { clock: asleep, host: 'there' });
    const clock = new FakeClock();
    await opened(openStorage(folder, { clock }), clock);
    await pass(asleep, 6);
    await vi.waitFor(() => expect(first.losses).toHaveLength(1));
    expect(first.losses[0]?.message).toContain('on host here');
  });
});
