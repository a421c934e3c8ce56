import { describe, expect, it } from 'vitest';
import { Targets } from '../../src/scheduler/target.ts';
import { ApiStats, type TargetStats } from '../../src/state/api-stats.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const OPERATION = 'GetQueryStatusMonitorTopContributors';

function setUp() {
  const changed: TargetStats[] = [];
  const stats = new ApiStats(new RecordingLog());
  stats.changed.on((each) => changed.push(each));
  const targets = new Targets(new FakeClock());
  const limits = { requestsPerSecond: 5, maxConcurrentRequests: 8 };
  const target = targets.add('default', 'eu-west-1', limits);
  return { changed, stats, target, other: targets.add('default', 'us-east-1', limits) };
}

describe('ApiStats', () => {
  it('starts the series of an expected operation and its modeled errors at 0', () => {
    const { stats, target } = setUp();
    stats.expect(target, { kind: 'watched', type: 'monitor-top-contributors' });
    stats.expect(target, { kind: 'watched', type: 'workload-insights-top-contributors-data' });
    const { operations, up, identity } = stats.of(target);
    expect([...operations.keys()]).toEqual([
      'GetQueryStatusMonitorTopContributors',
      'GetQueryStatusWorkloadInsightsTopContributorsData',
    ]);
    for (const operation of operations.values()) {
      expect(operation).toMatchObject({ requests: 0, durations: { sum: 0, counts: Array(9).fill(0) } });
      // The errors that the service's model declares for the status operations.
      expect(Object.fromEntries(operation.errors)).toEqual({
        AccessDeniedException: 0,
        InternalServerException: 0,
        ServiceQuotaExceededException: 0,
        ThrottlingException: 0,
        ValidationException: 0,
      });
    }
    expect({ up, identity }).toEqual({ up: undefined, identity: undefined });
  });

  it('keeps its counts if an operation is expected again', () => {
    const { stats, target } = setUp();
    stats.expect(target, { kind: 'watched', type: 'monitor-top-contributors' });
    stats.attempted(target, OPERATION, { seconds: 1, error: 'ThrottlingException', up: false });
    stats.expect(target, { kind: 'watched', type: 'monitor-top-contributors' });
    expect(stats.of(target).operations.get(OPERATION)).toMatchObject({ requests: 1 });
    expect(stats.of(target).operations.get(OPERATION)?.errors.get('ThrottlingException')).toBe(1);
  });

  it('counts attempts and errors per target and emits each change', () => {
    const { changed, stats, target, other } = setUp();
    stats.attempted(target, OPERATION, { seconds: 0.2, error: undefined, up: true });
    stats.attempted(target, OPERATION, { seconds: 0.2, error: 'OtherError', up: false });
    stats.attempted(other, OPERATION, { seconds: 0.2, error: undefined, up: true });
    expect(stats.of(target).operations.get(OPERATION)).toMatchObject({ requests: 2 });
    expect(stats.of(other).operations.get(OPERATION)).toMatchObject({ requests: 1 });
    expect(stats.of(target).operations.get(OPERATION)?.errors).toEqual(new Map([['OtherError', 1]]));
    expect(changed.map((each) => each.target.region)).toEqual(['eu-west-1', 'eu-west-1', 'us-east-1']);
  });

  it('counts a duration equal to a bound in the bucket of that bound, and longer ones in the last', () => {
    const { stats, target } = setUp();
    const durations = [0, 0.05, 0.050_001, 1, 10, 10.1, 600];
    for (const seconds of durations) {
      stats.attempted(target, OPERATION, { seconds, error: undefined, up: true });
    }
    const operation = stats.of(target).operations.get(OPERATION);
    expect(operation?.durations.bounds).toEqual([0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]);
    expect(operation?.durations.counts).toEqual([2, 1, 0, 0, 1, 0, 0, 1, 2]);
    expect(operation?.durations.sum).toBeCloseTo(durations.reduce((sum, seconds) => sum + seconds));
  });

  it('counts a call without credentials as a failed attempt without duration', () => {
    const { stats, target } = setUp();
    stats.attempted(target, OPERATION, { seconds: undefined, error: 'CredentialsError', up: false });
    expect(stats.of(target)).toMatchObject({ up: false });
    expect(stats.of(target).operations.get(OPERATION)).toMatchObject({
      requests: 1,
      durations: { sum: 0, counts: Array(9).fill(0) },
      errors: new Map([['CredentialsError', 1]]),
    });
  });

  it('sets up by the last attempt', () => {
    const { stats, target } = setUp();
    expect(stats.of(target).up).toBeUndefined();
    for (const up of [true, false, true]) {
      stats.attempted(target, OPERATION, { seconds: 1, error: undefined, up });
      expect(stats.of(target).up).toBe(up);
    }
  });

  it('counts an unusable response as an error of its attempt', () => {
    const { changed, stats, target } = setUp();
    stats.attempted(target, OPERATION, { seconds: 0.1, error: undefined, up: true });
    stats.responseRejected(target, OPERATION, 'UnknownStatus');
    expect(stats.of(target)).toMatchObject({ up: true });
    expect(stats.of(target).operations.get(OPERATION)).toMatchObject({
      requests: 1,
      errors: new Map([['UnknownStatus', 1]]),
    });
    expect(changed).toHaveLength(2);
  });

  it('stores the identity of a target', () => {
    const { changed, stats, target, other } = setUp();
    const identity = { awsAccountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/x', provider: undefined };
    stats.identified(target, identity);
    expect(stats.of(target).identity).toBe(identity);
    expect(stats.of(other).identity).toBeUndefined();
    expect(changed).toHaveLength(1);
  });
});
