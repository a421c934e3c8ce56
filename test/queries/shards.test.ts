import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOfShard, shardOf, targetsOfShard } from '../../src/model/shard.ts';

const anyTarget = fc.record({
  account: fc.stringMatching(/^[A-Za-z0-9_.-]{1,40}$/),
  region: fc.constantFrom('us-east-1', 'eu-west-1', 'ap-southeast-2', 'us-gov-west-1'),
});

describe('shards', () => {
  it('have each target exactly once', () => {
    const property = fc.property(
      fc.array(anyTarget, { maxLength: 30 }),
      fc.integer({ min: 1, max: 12 }),
      (targets, total) => {
        const shards = Array.from({ length: total }, (_, ordinal) => targetsOfShard({ ordinal, total }));
        for (const target of targets) {
          expect(shards.filter((isOwn) => isOwn(target))).toHaveLength(1);
        }
      },
    );
    fc.assert(property);
  });

  it('are the same in all versions', () => {
    const target = (account: string, region: string) => ({ account, region });
    expect(shardOf(target('default', 'us-east-1'), 3)).toBe(0);
    expect(shardOf(target('payments', 'eu-west-1'), 3)).toBe(1);
    expect(shardOf(target('payments', 'eu-west-1'), 16)).toBe(4);
  });

  it('have similar numbers of targets', () => {
    const targets = Array.from({ length: 4_000 }, (_, index) => ({
      account: `a${index % 1_000}`,
      region: `r-${index % 4}`,
    }));
    const counts = [0, 0, 0, 0];
    for (const target of targets) {
      const ordinal = shardOf(target, counts.length);
      counts[ordinal] = (counts[ordinal] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(900);
  });

  it('keep their targets if one is added, except for those that move to it', () => {
    const property = fc.property(anyTarget, fc.integer({ min: 1, max: 20 }), (target, total) => {
      expect([shardOf(target, total), total]).toContain(shardOf(target, total + 1));
    });
    fc.assert(property);
  });

  it('have groups of replicas of their own', () => {
    expect(groupOfShard('default', { ordinal: 0, total: 1 })).toBe('default');
    expect(groupOfShard('default', { ordinal: 0, total: 2 })).toBe('default:0');
    expect(groupOfShard('default', { ordinal: 1, total: 2 })).toBe('default:1');
  });
});
