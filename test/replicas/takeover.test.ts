import { expect, it } from 'vitest';
import { Ledger } from './simulation/ledger.ts';
import { SimulatedEngine } from './simulation/simulated-engine.ts';
import { CONFIGS, SimulatedMember } from './simulation/simulated-member.ts';
import { SimulatedQueries } from './simulation/simulated-queries.ts';
import { type Line, Machine, Random, World } from './simulation/world.ts';

/** Each is another moment between the heartbeats. */
const TAKEOVERS = 50;
/** All members have seen each other's heartbeats and ports by then. */
const SETTLED_MS = 20_000;

interface Pair {
  readonly world: World;
  readonly random: Random;
  readonly leader: SimulatedMember;
  readonly other: SimulatedMember;
  /** The connections of both to the engine. */
  readonly lines: readonly Line[];
  /** The URL whose port refuses connections. */
  refusedUrl: string;
  /** The URL without any reply to connections. */
  lostUrl: string;
}

interface End {
  /** Ends the leader. */
  readonly end: (leader: SimulatedMember) => void;
  /** What connections to its port have as their result from then on. */
  readonly port: 'accepted' | 'refused' | 'lost';
  readonly reason: 'released' | 'refused' | 'dead';
}

/** Two members on good connections that have made heartbeats for a random time. */
async function startPair(seed: number): Promise<Pair> {
  const random = new Random(seed);
  const world = new World();
  const engine = new SimulatedEngine(world, random);
  const queries = new SimulatedQueries(world, random, new Ledger(world));
  const [config] = CONFIGS;
  if (config === undefined) {
    throw new Error('no configuration');
  }
  const ports = { refusedUrl: '', lostUrl: '' };
  const members: SimulatedMember[] = [];
  const lines: Line[] = [];
  for (const id of ['first', 'second']) {
    world.at(random.between(0, 5_000), () => {
      const line = { isCut: false, repairedAt: 0, loss: 0, repeat: 0, slow: 0 };
      lines.push(line);
      const machine = new Machine(world, random.between(0.9999, 1.0001), 0);
      members.push(
        new SimulatedMember({
          machine,
          id,
          engine,
          engineLine: line,
          queries,
          serviceLine: { ...line },
          config,
          isRefused: (url) => url === ports.refusedUrl,
          isLost: (url) => url === ports.lostUrl,
          patience: 60_000,
          usesOwnClock: false,
        }),
      );
    });
  }
  await world.runUntil(SETTLED_MS + random.between(0, 5_000));
  const leader = members.find(({ member }) => member.isLeader);
  const other = members.find((each) => each !== leader);
  if (leader === undefined || other === undefined) {
    throw new Error('no leader');
  }
  return Object.assign(ports, { world, random, leader, other, lines });
}

/** Ends the leader of two members at a random moment. Returns the milliseconds until the other one leads. */
async function takeoverTime(seed: number, { end, port, reason }: End): Promise<number> {
  const pair = await startPair(seed);
  const { world, leader, other } = pair;
  const endedAt = world.now;
  pair.refusedUrl = port === 'refused' ? leader.url : '';
  pair.lostUrl = port === 'lost' ? leader.url : '';
  end(leader);
  while (!other.member.isLeader && world.now < endedAt + 60_000) {
    await world.runUntil(world.now + 10);
  }
  expect(other.member.stats.takeovers).toMatchObject({ [reason]: 1 });
  return world.now - endedAt;
}

it.each([
  ['shuts down', { end: (leader) => void leader.stop(), port: 'accepted', reason: 'released' }, 6_000],
  ['is killed', { end: ({ machine }) => machine.kill(), port: 'refused', reason: 'refused' }, 3_000],
  ['is lost with its host', { end: ({ machine }) => machine.kill(), port: 'lost', reason: 'dead' }, 20_100],
] as const satisfies readonly (readonly [string, End, number])[])(
  'takes over in time from a leader that %s',
  async (_what, ended, limit) => {
    const times: number[] = [];
    for (let seed = 1; seed <= TAKEOVERS; seed += 1) {
      times.push(await takeoverTime(seed, ended));
    }
    times.sort((a, b) => a - b);
    expect(times.at(-1)).toBeLessThanOrEqual(limit);
  },
);

it('does not take over after the shared storage was out of reach for both', async () => {
  for (let seed = 1; seed <= TAKEOVERS; seed += 1) {
    const { world, random, leader, other, lines } = await startPair(seed);
    for (const line of lines) {
      line.isCut = true;
    }
    await world.runUntil(world.now + random.between(20_000, 60_000));
    for (const line of lines) {
      line.isCut = false;
    }
    for (const end = world.now + 30_000; world.now < end; ) {
      await world.runUntil(world.now + 100);
      expect([leader.member.members.length, other.member.members.length], `seed ${seed}`).toEqual([2, 2]);
    }
    expect(leader.member.isLeader, `seed ${seed}`).toBe(true);
    expect(other.member.stats.takeovers).toEqual({ dead: 0, refused: 0, released: 0 });
  }
});
