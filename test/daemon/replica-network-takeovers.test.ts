import { setTimeout as pause } from 'node:timers/promises';
import { type ExpectStatic, test, vi } from 'vitest';
import type { TestScope } from '../support/daemon.ts';
import { createNetwork, whyNoNamespaces } from '../support/network-namespaces.ts';
import { ENGINES, leaderOf, type ReplicaProcess, replicaProcess } from '../support/replica-processes.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';

/** Takeovers of each kind and pair. `npm run long:partitions` has more of both. */
const TAKEOVERS = Number(process.env['PAIR_TAKEOVERS'] ?? 1);
const IS_LONG = TAKEOVERS > 1;
/** Pairs that share a storage, and wait at the same time. */
const PAIRS = IS_LONG ? 4 : 1;
/** The default, in milliseconds. */
const HEARTBEAT = 5_000;
const DEAD_AFTER = 15_000;
const PATIENT = { timeout: 120_000, interval: 500 };
/** For conditions of pages, each of which takes a process in a namespace. */
const PATIENT_WITH_PAGES = { ...PATIENT, interval: 1_500 };
const KINDS = IS_LONG ? (['dynamodb', 'postgresql'] as const) : (['postgresql'] as const);
const NO_NAMESPACES = whyNoNamespaces();

/** A group of two replicas with the default heartbeat, each on a host of its own. */
interface Pair {
  readonly members: readonly ReplicaProcess[];
  isolate(member: ReplicaProcess): Promise<void>;
  rejoin(member: ReplicaProcess): Promise<void>;
}

/** How a leader is lost, and how it is a standby again afterward. */
interface Loss {
  /** Reason of the takeover. */
  readonly reason: string;
  /** Limit of the 99th percentile in the long form, and of one takeover on a busy machine, in milliseconds. */
  readonly limit: number;
  readonly limitOfOne: number;
  lose(pair: Pair, leader: ReplicaProcess): Promise<void>;
  restore(pair: Pair, former: ReplicaProcess): Promise<void>;
}

const LOSSES: readonly Loss[] = [
  {
    reason: 'released',
    limit: 6_000,
    limitOfOne: DEAD_AFTER,
    lose: (_pair, leader) => leader.end('SIGTERM'),
    restore: (_pair, former) => former.start(),
  },
  {
    reason: 'refused',
    limit: 6_000,
    limitOfOne: DEAD_AFTER,
    lose: (_pair, leader) => leader.end('SIGKILL'),
    restore: (_pair, former) => former.start(),
  },
  {
    reason: 'dead',
    limit: 20_000,
    limitOfOne: DEAD_AFTER + 2 * HEARTBEAT,
    lose: (pair, leader) => pair.isolate(leader),
    restore: (pair, former) => pair.rejoin(former),
  },
];

async function startPairs(scope: TestScope, kind: keyof typeof ENGINES): Promise<readonly Pair[]> {
  const idsOf = (pair: number) => [`${pair}a`, `${pair}b`];
  const pairNumbers = Array.from({ length: PAIRS }, (_, n) => n);
  const { hosts, isolate, rejoin } = await createNetwork(scope, ['engine', 'aws', ...pairNumbers.flatMap(idsOf)]);
  const service = await runSimulator(scope, { queries: [endlessQueries('us-east-1', 'query')] });
  const aws = `http://${await hosts['aws']?.forward(Number(new URL(service.url).port))}`;
  const engine = await ENGINES[kind](scope);
  const config = {
    aws: { region: 'us-east-1', endpoint: aws, stsEndpoint: aws },
    discovery: { monitorsEvery: '0s' },
    storage: engine.storageAt((await hosts['engine']?.forward(engine.port)) ?? ''),
    queries: [{ name: 'checkout', monitorName: 'checkout', queryId: 'query', interval: '5s' }],
  };
  const pairs: Pair[] = [];
  for (const n of pairNumbers) {
    const settings = { heartbeat: `${HEARTBEAT / 1_000}s`, group: `group-${n}` };
    const members = await Promise.all(
      idsOf(n).map((id) => replicaProcess(scope, id, config, settings, { host: hosts[id] })),
    );
    // One after the other, so that many pairs do not use all processors.
    for (const member of members) {
      await member.start();
    }
    pairs.push({ members, isolate: ({ id }) => isolate(id), rejoin: ({ id }) => rejoin(id) });
  }
  return pairs;
}

/** Whether a member writes its heartbeat, and another one leads. */
async function hasJoined(member: ReplicaProcess): Promise<boolean> {
  const page = await member.metrics(2_000, 'exporter');
  const puts = page?.value('aws_nfm_replica_engine_requests_total', { operation: 'put' }) ?? 0;
  const values = ['aws_nfm_replica_engine_up', 'aws_nfm_replica_leader'].map((name) => page?.value(name));
  return puts > 0 && values.join() === '1,0';
}

/** Times at which a member has begun to lead, in milliseconds since the epoch, with their reasons. */
function leadsOf(member: ReplicaProcess): { readonly at: number; readonly reason: unknown }[] {
  return member
    .log()
    .filter(({ msg }) => msg === 'replica leads')
    .map(({ ts, reason }) => ({ at: Date.parse(String(ts)), reason }));
}

/** Lets the leader of a pair be lost once, and returns the milliseconds until its successor leads. */
async function takeOver(pair: Pair, loss: Loss, expect: ExpectStatic): Promise<number> {
  // After `kill -9`, the ID of the standby is free after two heartbeats. A member without a page in time may be the leader.
  const { leader, standby } = await vi.waitFor(async () => {
    const found = await leaderOf(pair.members);
    const [other] = pair.members.filter((each) => each !== found);
    if (other === undefined || !(await hasJoined(other))) {
      throw new Error(`no standby beside ${found.id}: ${pair.members.map(({ id }) => id)}`);
    }
    return { leader: found, standby: other };
  }, PATIENT_WITH_PAGES);
  await pause(HEARTBEAT + Math.random() * HEARTBEAT);
  const before = leadsOf(standby).length;
  const lostAt = Date.now();
  const lost = loss.lose(pair, leader);
  const taken = await vi.waitFor(() => {
    const lead = leadsOf(standby)[before];
    expect(lead).toBeDefined();
    return lead;
  }, PATIENT);
  await lost;
  await loss.restore(pair, leader);
  expect(taken?.reason).toBe(loss.reason);
  const after = (taken?.at ?? 0) - lostAt;
  if (after > loss.limit) {
    const recent = pair.members.flatMap((each) =>
      each
        .log()
        .slice(-5)
        .map((event) => JSON.stringify(event)),
    );
    process.stdout.write(
      `${loss.reason} after ${after} ms from ${new Date(lostAt).toISOString()}:\n${recent.join('\n')}\n`,
    );
  }
  return after;
}

test.concurrent.for(KINDS)(
  'a standby on %s takes over from a leader that shuts down, is killed, or is on a lost host',
  { timeout: 300_000 + PAIRS * 20_000 + TAKEOVERS * 180_000 },
  async (kind, scope) => {
    scope.skip(NO_NAMESPACES !== undefined, NO_NAMESPACES);
    const times = new Map(LOSSES.map((loss): [Loss, number[]] => [loss, []]));
    const repeat = async (pair: Pair) => {
      for (let n = 0; n < TAKEOVERS; n += 1) {
        for (const [loss, all] of times) {
          all.push(await takeOver(pair, loss, scope.expect));
        }
      }
    };
    await Promise.all((await startPairs(scope, kind)).map(repeat));
    for (const [{ reason, limit, limitOfOne }, all] of times) {
      all.sort((a, b) => a - b);
      const at = (part: number) => all[Math.ceil(part * all.length) - 1] ?? 0;
      process.stdout.write(
        `${kind}, ${reason}: ${all.length} takeovers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms\n`,
      );
      scope.expect(at(0.99), reason).toBeLessThanOrEqual(IS_LONG ? limit : limitOfOne);
    }
  },
);
