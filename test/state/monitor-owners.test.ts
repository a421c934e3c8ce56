import { describe, expect, it } from 'vitest';
import { Targets } from '../../src/scheduler/target.ts';
import { MonitorMetrics } from '../../src/state/monitor-metrics.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { timeOf } from '../support/growth.ts';

const LOG = { error: () => undefined };
const LIMITS = { requestsPerSecond: 1, maxConcurrentRequests: 1 };
const MINUTE = 60_000;

function setUp() {
  const clock = new FakeClock();
  const targets = new Targets(clock);
  const metrics = new MonitorMetrics(clock, LOG);
  return { clock, metrics, add: (account: string) => targets.add(account, 'us-east-1', LIMITS) };
}

/** The ARNs of monitors by name. */
const named = (...names: readonly string[]) => new Map(names.map((name) => [name, `arn:${name}`]));
const noLimit = () => undefined;

describe('the target that reads a monitor', () => {
  it('is the first one that lists it, even if it lists it later than others', () => {
    const { metrics, add } = setUp();
    const [first, second] = [add('a'), add('b')];
    metrics.select(first, '', named('x'), noLimit);
    metrics.select(second, '', named('x', 'y'), noLimit);
    metrics.select(first, '', named('x', 'y'), noLimit);
    expect(metrics.readBy(first).map(({ arn }) => arn)).toEqual(['arn:x', 'arn:y']);
    expect(metrics.readBy(second)).toEqual([]);
    metrics.setFailing(first, true);
    expect(metrics.readBy(second).map(({ arn }) => arn)).toEqual(['arn:x', 'arn:y']);
    metrics.select(first, '', named(), noLimit);
    metrics.setFailing(first, false);
    expect(metrics.readBy(second)).toHaveLength(2);
    metrics.remove(second);
    expect(metrics.readBy(second)).toEqual([]);
  });

  it('is the next one that lists it after the first one was removed and added again', () => {
    const { metrics, add } = setUp();
    const [first, second] = [add('a'), add('b')];
    metrics.select(first, '', named('x'), noLimit);
    metrics.select(second, '', named('x'), noLimit);
    metrics.remove(first);
    metrics.select(first, '', named('x'), noLimit);
    expect(metrics.readBy(second)).toHaveLength(1);
    expect(metrics.readBy(first)).toEqual([]);
  });
});

describe('a monitor that no target lists', () => {
  it('is forgotten 90 minutes later, unless a target lists it again', async () => {
    const { clock, metrics, add } = setUp();
    const target = add('a');
    metrics.select(target, '', named('x', 'y'), noLimit);
    metrics.merge(JSON.stringify(['', 'arn:z']), { condition: undefined, periods: {}, limits: [] });
    metrics.select(target, '', named(), noLimit);
    await clock.advance(60 * MINUTE);
    metrics.select(target, '', named('x'), noLimit);
    await clock.advance(30 * MINUTE);
    expect(
      metrics
        .forgetUnlisted()
        .map((key) => JSON.parse(key)[1])
        .sort(),
    ).toEqual(['arn:y', 'arn:z']);
    expect(metrics.forgetUnlisted()).toEqual([]);
  });
});

describe('the selection of all targets', () => {
  /** Milliseconds to select 10 monitors in each of `count` targets, of which one is shared, and to restore as many. */
  function selectionTime(count: number): number {
    const { metrics, add } = setUp();
    const all = Array.from({ length: count }, (_, i) => add(`a${i}`));
    const own = all.map((_, i) => named('shared', ...Array.from({ length: 9 }, (_each, n) => `m${i}-${n}`)));
    return timeOf(() => {
      for (const [i, target] of all.entries()) {
        metrics.select(target, '', own[i] ?? named(), () => 1);
        metrics.merge(JSON.stringify(['', `arn:old${i}`]), { condition: undefined, periods: {}, limits: [] });
      }
    });
  }

  it('takes time in proportion to the number of monitors', () => {
    const least = (count: number) => Math.min(...Array.from({ length: 4 }, () => selectionTime(count)));
    selectionTime(500);
    // A quadratic selection takes 64 times as long.
    expect(least(2_400) / least(300)).toBeLessThan(32);
  });
});
