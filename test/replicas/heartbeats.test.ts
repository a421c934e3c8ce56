import { expect, it } from 'vitest';
import { sleep } from '../../src/lib/clock.ts';
import { startHeartbeats } from '../../src/replicas/heartbeats.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** The times of heartbeats in 20 s, if connections to the leader's port have no result within a second. */
async function beatsWith(leaderDeadAt: number) {
  const clock = new FakeClock();
  const beats: number[] = [];
  const heartbeats = startHeartbeats({
    clock,
    heartbeat: 5_000,
    beat: async () => {
      beats.push(clock.monotonic());
    },
    leaderDeadAt: () => leaderDeadAt,
    isLeaderRefused: async () => {
      await sleep(clock, 1_000);
      return false;
    },
  });
  await clock.advance(20_000);
  return { beats, clock, heartbeats };
}

it('makes a heartbeat in time when the leader is due to be dead, although connections to a lost host time out', async () => {
  expect((await beatsWith(11_500)).beats).toEqual([0, 5_000, 10_000, 11_500, 16_500]);
});

it('makes no heartbeat just before the leader is due to be dead, because that one would delay the next', async () => {
  expect((await beatsWith(15_020)).beats).toEqual([0, 5_000, 10_000, 15_020]);
});

it('ends during a wait and a connection, without timers', async () => {
  const { beats, clock, heartbeats } = await beatsWith(Number.POSITIVE_INFINITY);
  await clock.advance(1_500);
  heartbeats.end();
  await clock.advance(1_000);
  await heartbeats.ended;
  expect(beats).toHaveLength(5);
  expect(clock.timers).toBe(0);
});
