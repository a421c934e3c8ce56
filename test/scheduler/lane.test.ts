import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lane, PRIORITIES, type Priority, type QueuedRequest } from '../../src/scheduler/lane.ts';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';

const ONLY_STOPS: readonly Priority[] = ['stop'];
const SLOTS = 3;

const action = fc.oneof(
  fc.record({
    kind: fc.constant('push' as const),
    priority: fc.constantFrom(...PRIORITIES),
    due: fc.nat(8),
    failing: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('remove' as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant('start' as const) }),
  fc.record({ kind: fc.constant('end' as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(9) }),
);

/** The next request as the doc comment of `Lane.next` says, from all that wait. */
function expectedNext(
  { waiting, started }: Readonly<Record<'waiting' | 'started', readonly QueuedRequest[]>>,
  now: number,
  priorities: readonly Priority[],
) {
  if (started.length >= SLOTS) {
    return undefined;
  }
  const mayFail = started.filter(({ failing }) => failing).length * 2 < SLOTS;
  const firsts = priorities.flatMap((priority) => {
    const ofKind = waiting.filter((each) => each.priority === priority);
    const [healthy] = ofKind.filter(({ failing }) => !failing).toSorted((a, b) => a.due - b.due);
    const [failing] = ofKind.filter((each) => each.failing && mayFail).toSorted((a, b) => a.due - b.due);
    return failing !== undefined && failing.due < (healthy?.due ?? Number.POSITIVE_INFINITY)
      ? failing
      : (healthy ?? []);
  });
  return firsts.find(({ due }) => due <= now) ?? firsts.toSorted((a, b) => a.due - b.due)[0];
}

const described = (request: QueuedRequest | undefined) =>
  request && { priority: request.priority, due: request.due, failing: request.failing };

it('returns the due request of the most urgent kind that has a slot, or else the earliest', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 30, maxLength: 100, size: 'max' }), (actions) => {
      const limits = { requestsPerSecond: 100, maxConcurrentRequests: SLOTS };
      const target = new Targets(new FakeClock()).add('default', 'eu-west-1', limits);
      const lane = new Lane(target);
      const waiting: QueuedRequest[] = [];
      const started: QueuedRequest[] = [];
      let now = 0;
      for (const each of actions) {
        if (each.kind === 'push') {
          const { priority, failing } = each;
          const request = { target, priority, failing, due: now + each.due, send: async () => true };
          waiting.push(request);
          lane.push(request);
        } else if (each.kind === 'remove') {
          for (const request of waiting.splice(each.index % Math.max(1, waiting.length), 1)) {
            lane.remove(request);
          }
        } else if (each.kind === 'start') {
          const request = lane.next(now, PRIORITIES);
          if (request !== undefined && request.due <= now) {
            waiting.splice(waiting.indexOf(request), 1);
            started.push(request);
            lane.started(request);
          }
        } else if (each.kind === 'end') {
          for (const request of started.splice(each.index % Math.max(1, started.length), 1)) {
            lane.ended(request, now, now, true);
          }
        } else {
          now += each.ms;
        }
        // Twice, because the lane remembers the first result, which it must not return for other kinds or at a later time.
        for (const priorities of [...(each.kind === 'remove' ? [ONLY_STOPS] : []), PRIORITIES, PRIORITIES]) {
          expect(described(lane.next(now, priorities))).toEqual(
            described(expectedNext({ waiting, started }, now, priorities)),
          );
        }
        expect([lane.isIdle, lane.isEmpty]).toEqual([
          started.length === 0 && waiting.length > 0,
          started.length === 0 && waiting.length === 0,
        ]);
      }
    }),
  );
});
