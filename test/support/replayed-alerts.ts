import { setTimeout as pause } from 'node:timers/promises';
import type { Alertmanager } from './alertmanager.ts';
import type { FiringAlerts } from './fired-alerts.ts';

/** Minutes without a change after which Alertmanager has sent everything: its longest wait is 5 minutes. */
const IDLE_MINUTES = 7;

/**
 * Sends alerts to Alertmanager as Prometheus does each minute, with `minuteMs` milliseconds for a minute. Time without changes is
 * shortened.
 */
export async function replayAlerts(
  alertmanager: Alertmanager,
  firing: ReadonlyMap<number, FiringAlerts>,
  minutes: number,
  minuteMs: number,
): Promise<void> {
  let before = new Map<string, Readonly<Record<string, string>>>();
  let idle = IDLE_MINUTES;
  for (let minute = 0; minute <= minutes + IDLE_MINUTES; minute += 1) {
    const now = new Map((firing.get(minute) ?? []).map((labels) => [JSON.stringify(labels), labels]));
    const ended = [...before].flatMap(([key, labels]) => (now.has(key) ? [] : [labels]));
    const isChanged = ended.length > 0 || [...now.keys()].some((key) => !before.has(key));
    idle = isChanged ? 0 : idle + 1;
    before = now;
    if (idle < IDLE_MINUTES) {
      await alertmanager.update([...now.values()], ended);
      await pause(minuteMs);
    }
  }
}
