import { expect, it } from 'vitest';
import { Ledger } from './simulation/ledger.ts';
import { SimulatedEngine } from './simulation/simulated-engine.ts';
import { CONFIGS, SimulatedMember } from './simulation/simulated-member.ts';
import { SimulatedQueries } from './simulation/simulated-queries.ts';
import { Machine, Random, World } from './simulation/world.ts';

/** Each is another moment between the heartbeats. */
const TAKEOVERS = 50;
/** All members have seen each other's heartbeats and ports by then. */
const SETTLED_MS = 20_000;

interface End {
  /** Ends the leader. */
  readonly end: (leader: SimulatedMember) => void;
  /** What connections to its port have as their result from then on. */
  readonly port: 'accepted' | 'refused' | 'lost';
  readonly reason: 'released' | 'refused' | 'dead';
}

/** Ends the leader of two members on good connections at a random moment. Returns the milliseconds until the other one leads. */
async function takeoverTime(seed: number, { end, port, reason }: End): Promise<number> {
  const random = new Random(seed);
  const world = new World();
  const engine = new SimulatedEngine(world, random);
  const queries = new SimulatedQueries(world, random, new Ledger(world));
  const [config] = CONFIGS;
  let endedUrl = '';
  const members: SimulatedMember[] = [];
  const start = (id: string) => {
    const line = { isCut: false, repairedAt: 0, loss: 0, repeat: 0, slow: 0 };
    members.push(
      new SimulatedMember({
        machine: new Machine(world, random.between(0.9999, 1.0001), 0),
        id,
        engine,
        engineLine: line,
        queries,
        serviceLine: line,
        config: config ?? { hash: '', queries: [] },
        isRefused: (url) => port === 'refused' && url === endedUrl,
        isLost: (url) => port === 'lost' && url === endedUrl,
        patience: 60_000,
        usesOwnClock: false,
      }),
    );
  };
  for (const id of ['first', 'second']) {
    world.at(random.between(0, 5_000), () => start(id));
  }
  await world.runUntil(SETTLED_MS + random.between(0, 5_000));
  const leader = members.find(({ member }) => member.isLeader);
  const other = members.find((each) => each !== leader);
  if (leader === undefined || other === undefined) {
    throw new Error('no leader');
  }
  const endedAt = world.now;
  endedUrl = leader.url;
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
