import { expect, onTestFinished, test } from 'vitest';
import { startAlertmanager } from '../support/alertmanager.ts';
import { setAwsEnvironment, TEST_CREDENTIALS, type TestScope } from '../support/daemon.ts';
import { firingAlerts } from '../support/fired-alerts.ts';
import type { InputSeries } from '../support/recorded-scrapes.ts';
import { replayAlerts } from '../support/replayed-alerts.ts';
import { writeShortenedRouting } from '../support/shortened-alerting.ts';
import { CAN_MOUNT } from '../support/small-disk.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Notification, startWebhookReceiver } from '../support/webhook-receiver.ts';
import { CAUSES } from './storms/causes.ts';
import { BEFORE, IS_LONG, LENGTHS } from './storms/fleet.ts';
import { periodsOf, scrapeStorm } from './storms/storm.ts';

// One notification for each cause, none when it ends. For each one, a daemon and its service run for hours on a stepped clock,
// promtool evaluates config/rules over scrapes of the daemon, and Alertmanager receives the alerts, with config/alertmanager.yml
// in which a minute is a second.

const MINUTE_MS = 1_000;
const MINUTES = BEFORE + LENGTHS.storm + LENGTHS.after;
/**
 * Names of causes, separated by commas. `STORM_CAUSES=all` runs all, which takes three minutes of CPU on two cores. By default,
 * the short form runs causes of different kinds.
 */
const { STORM_CAUSES = IS_LONG ? 'all' : 'sample' } = process.env;
const SAMPLE = ['permission denied', 'API down', 'throttled', 'exporter dead', 'monitors of selectors deleted'];
const NAMES = STORM_CAUSES === 'sample' ? SAMPLE : STORM_CAUSES.split(',');
const STORMS = CAUSES.filter(
  ({ name, needsDisk = false, onlyLong = false }) =>
    (CAN_MOUNT || !needsDisk) && (IS_LONG || !onlyLong) && (STORM_CAUSES === 'all' || NAMES.includes(name)),
);

/** Runs `use`, and then releases its resources in reverse order. */
async function scoped<Result>(use: (scope: TestScope) => Promise<Result>): Promise<Result> {
  const ends: (() => Promise<void> | void)[] = [];
  try {
    return await use({ onTestFinished: (end) => ends.push(end) });
  } finally {
    for (const end of ends.reverse()) {
      await end();
    }
  }
}

/** Receiver and alert of the notifications in which an alert of `name` fires for the first time. */
function firstNotifications(notifications: readonly Notification[], name: string): string[] {
  const known = new Set<string>();
  return notifications.flatMap(({ receiver, groupLabels, alerts }) => {
    const firing = alerts.filter(({ status }) => status === 'firing').map(({ labels }) => JSON.stringify(labels));
    const isNew = groupLabels['instance'] === name && firing.some((labels) => !known.has(labels));
    for (const labels of firing) {
      known.add(labels);
    }
    return isNew ? [`${receiver} ${groupLabels['alertname']}`] : [];
  });
}

test('notifies once for each cause', { timeout: LENGTHS.timeout }, async () => {
  expect(['all', ...CAUSES.map(({ name }) => name)]).toEqual(expect.arrayContaining(NAMES));
  setAwsEnvironment(TEST_CREDENTIALS);
  const scope = { onTestFinished };
  const webhook = await startWebhookReceiver(scope);
  const routing = writeShortenedRouting(temporaryFolder(scope), webhook.url, { faster: 60_000 / MINUTE_MS });
  const alertmanager = await startAlertmanager(scope, routing);
  const periods = new Map<string, string>();
  const sendAlerts = async (name: string, series: readonly InputSeries[]) => {
    const firing = await firingAlerts(scope, series, MINUTES);
    periods.set(name, periodsOf(firing));
    await replayAlerts(alertmanager, firing, MINUTES, MINUTE_MS);
  };
  const sent: Promise<void>[] = [];
  for (const cause of STORMS) {
    const series = await scoped((its) => scrapeStorm(its, cause));
    // Waits most of the time, while the next storm is computed.
    sent.push(sendAlerts(cause.name, series));
  }
  await Promise.all(sent);

  for (const { name, notified } of STORMS) {
    const first = firstNotifications(webhook.notifications, name);
    expect.soft(first, `${name}: alerts in minutes after its begin\n${periods.get(name)}`).toEqual(notified);
    const ended = webhook.notifications.filter(
      ({ status, groupLabels }) => status === 'resolved' && groupLabels['instance'] === name,
    );
    expect.soft(ended, `${name}: its end`).toHaveLength(notified.length);
  }
});
