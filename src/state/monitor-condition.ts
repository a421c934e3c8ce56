import { PERIOD_MS, type Point } from '../aws/cloudwatch/metric-data.ts';

/** Number of newest periods of which one degraded period makes a monitor degraded. */
const JUDGED_PERIODS = 3;

/** Age of the newest period of HealthIndicator from which on the condition is unknown, in milliseconds. */
export const HEALTH_VALID_MS = 15 * PERIOD_MS;

/** Whether AWS's network of a monitor is degraded, and since when, in milliseconds since the epoch. */
export interface NetworkCondition {
  readonly degraded: boolean;
  readonly since: number;
}

/** Returns the condition: degraded if one of the last three periods of `health`, in the order of time, is above 0. */
export function networkCondition(health: readonly Point[], before?: NetworkCondition): NetworkCondition | undefined {
  const [oldest] = health[0] ?? [];
  const [newest] = health.at(-1) ?? [];
  if (oldest === undefined || newest === undefined) {
    return before;
  }
  const degraded = health.filter(([, value]) => value > 0).map(([at]) => at);
  const last = degraded.at(-1);
  if (last === undefined) {
    return { degraded: false, since: before?.degraded === false ? before.since : oldest };
  }
  if (last <= newest - JUDGED_PERIODS * PERIOD_MS) {
    return { degraded: false, since: last + PERIOD_MS };
  }
  const start = degraded.reduceRight((first, at) => (first - at <= JUDGED_PERIODS * PERIOD_MS ? at : first), last);
  const isLonger = before?.degraded === true && start <= oldest + JUDGED_PERIODS * PERIOD_MS;
  return { degraded: true, since: isLonger ? Math.min(before.since, start) : start };
}
