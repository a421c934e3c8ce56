import { describe, expect, it } from 'vitest';
import { Targets } from '../../src/scheduler/target.ts';
import { FakeClock } from '../support/fake-clock.ts';

const REGION = 'eu-west-1';
const AWS_ACCOUNT = '111111111111';

const limits = (requestsPerSecond: number, maxConcurrentRequests = 8) => ({ requestsPerSecond, maxConcurrentRequests });

/** Two accounts of the configuration that are one AWS account. */
function sharing(first: number, second: number) {
  const targets = new Targets(new FakeClock());
  const a = targets.add('a', REGION, limits(first));
  const b = targets.add('b', REGION, limits(second));
  targets.identified(a, AWS_ACCOUNT);
  targets.identified(b, AWS_ACCOUNT);
  return { targets, a, b };
}

describe('a target', () => {
  it('is the same if it is added again, with the new limits', () => {
    const targets = new Targets(new FakeClock());
    const target = targets.add('default', REGION, limits(5, 8));
    expect(targets.add('default', REGION, limits(2, 3))).toBe(target);
    expect(target).toMatchObject(limits(2, 3));
    expect(target.budget.limit).toBe(2);
    expect([...targets.all()]).toEqual([target]);
  });

  it('is found by account and region until it is removed', () => {
    const targets = new Targets(new FakeClock());
    const target = targets.add('a', REGION, limits(5));
    const others = [targets.add('b', REGION, limits(5)), targets.add('a', 'us-east-1', limits(5))];
    expect(targets.get('a', REGION)).toBe(target);
    targets.remove(target);
    expect(targets.find('a', REGION)).toBeUndefined();
    expect(() => targets.get('a', REGION)).toThrow('internal error: no target for account a in eu-west-1');
    expect([...targets.all()]).toEqual(others);
  });

  it('is not affected by the removal of an earlier one', () => {
    const targets = new Targets(new FakeClock());
    const before = targets.add('a', REGION, limits(5));
    targets.remove(before);
    const after = targets.add('a', REGION, limits(5));
    targets.remove(before);
    expect(targets.get('a', REGION)).toBe(after);
  });
});

describe('a shared request budget', () => {
  it('is the lowest of its targets after any of them is changed', () => {
    const { targets, a, b } = sharing(5, 3);
    expect([a.budget.limit, b.budget.limit]).toEqual([3, 3]);
    targets.add('b', REGION, limits(9));
    expect([a.budget.limit, b.budget.limit]).toEqual([5, 5]);
    targets.add('a', REGION, limits(1));
    expect([a.budget.limit, b.budget.limit]).toEqual([1, 1]);
  });

  it('is raised when the target with the lowest one is removed', () => {
    const { targets, a, b } = sharing(5, 3);
    targets.remove(b);
    expect(a.budget.limit).toBe(5);
  });

  it('is not shared with a target that was removed before', () => {
    const { targets, a } = sharing(5, 9);
    targets.remove(a);
    const again = targets.add('a', REGION, limits(2));
    const other = targets.add('c', REGION, limits(7));
    expect(targets.identified(other, AWS_ACCOUNT).map(({ account }) => account)).toEqual(['b']);
    expect(again.budget).not.toBe(other.budget);
  });

  it('is not shared between regions or AWS accounts', () => {
    const { targets, a } = sharing(5, 3);
    const elsewhere = targets.add('a', 'us-east-1', limits(7));
    const other = targets.add('c', REGION, limits(7));
    expect(targets.identified(elsewhere, AWS_ACCOUNT)).toEqual([]);
    expect(targets.identified(other, '222222222222')).toEqual([]);
    expect([a, elsewhere, other].map(({ budget }) => budget.limit)).toEqual([3, 7, 7]);
  });

  it('is reported once for each identification', () => {
    const { targets, a, b } = sharing(5, 3);
    expect(targets.identified(a, AWS_ACCOUNT)).toEqual([]);
    expect(targets.identified(b, AWS_ACCOUNT)).toEqual([]);
  });
});

describe('the part of the request budgets of this process', () => {
  it('applies to all targets, also to those that are added or changed later', () => {
    const targets = new Targets(new FakeClock());
    const before = targets.add('a', REGION, limits(8));
    targets.setShare(0.5);
    const after = targets.add('b', REGION, limits(6));
    expect([before.budget.limit, after.budget.limit]).toEqual([4, 3]);
    targets.add('a', REGION, limits(2));
    targets.setShare(0.25);
    expect([before.budget.limit, after.budget.limit]).toEqual([0.5, 1.5]);
  });
});
