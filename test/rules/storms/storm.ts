import type { TestScope } from '../../support/daemon.ts';
import type { FiringAlerts } from '../../support/fired-alerts.ts';
import { type InputSeries, RecordedScrapes } from '../../support/recorded-scrapes.ts';
import { runReloadedDaemon } from '../../support/reloaded-daemon.ts';
import { runSimulator } from '../../support/simulated-service.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';
import { ALERTS, RECORDS } from '../rule-files.ts';
import type { Cause, Scene } from './causes.ts';
import { BEFORE, configOf, HOST, LENGTHS, resolveNames, SCENARIO } from './fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const READ_BY_RULES = [...ALERTS, ...RECORDS].map(({ expr }) => expr);

/** Runs a daemon and its service on a stepped clock before, during, and after a cause. Returns what scrapes each minute find. */
export async function scrapeStorm(scope: TestScope, cause: Cause): Promise<InputSeries[]> {
  const { storm, after } = LENGTHS;
  // The same place in the hour each time, and not in the past, where credentials would be expired.
  const start = Math.ceil(Date.now() / HOUR) * HOUR;
  const clock = new SteppedClock(start);
  scope.onTestFinished(clock.watchRequests());
  const names = resolveNames(scope);
  const { simulator } = await runSimulator(scope, SCENARIO, { clock });
  const storage = cause.needsDisk === true ? smallDisk(2_000, scope) : undefined;
  const config = configOf(simulator.url.replace('127.0.0.1', HOST), storage, cause.queries);
  const scene: Scene = {
    simulator,
    names,
    storage,
    config,
    daemon: undefined,
    eachMinute: () => undefined,
    async start() {
      scene.daemon = await creep(clock, runReloadedDaemon(scope, config, { clock }));
    },
    async stop() {
      await creep(clock, scene.daemon?.stop(10_000) ?? Promise.resolve());
      scene.daemon = undefined;
    },
  };
  const target = { job: 'network-flow-monitor', instance: cause.name };
  const scrapes = new RecordedScrapes(target, READ_BY_RULES, start);
  const pass = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute += 1) {
      scene.eachMinute();
      await scrapes.scrape(scene.daemon);
      await clock.advance(MINUTE);
    }
  };
  await scene.start();
  await pass(BEFORE);
  const end = await cause.begin(scene);
  await pass(storm);
  await end();
  await pass(after);
  await scene.stop();
  return scrapes.series();
}

/** Advances the clock in small steps, for work that also waits for the file system. */
async function creep<T>(clock: SteppedClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  await Promise.all([done, clock.creepUntil(() => isDone)]);
  return done;
}

/** One line per alert and period in which it fires, in minutes after the begin of the cause: for messages of failed tests. */
export function periodsOf(firing: ReadonlyMap<number, FiringAlerts>): string {
  const periods = new Map<string, { readonly from: number; to: number }[]>();
  for (const [minute, alerts] of firing) {
    for (const { alertname, account = '', query = '', kind = '', sli = '' } of alerts) {
      const key = [alertname, account, query, kind, sli].filter((text) => text !== '').join(' ');
      const all = periods.get(key) ?? [];
      periods.set(key, all);
      const last = all.at(-1);
      if (last?.to === minute - 1) {
        last.to = minute;
      } else if (last?.to !== minute) {
        all.push({ from: minute, to: minute });
      }
    }
  }
  return [...periods]
    .map(([key, all]) => `${key}: ${all.map(({ from, to }) => `${from - BEFORE} to ${to - BEFORE}`).join(', ')}`)
    .join('\n');
}
