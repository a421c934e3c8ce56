import { expect, onTestFinished, test, vi } from 'vitest';
import { startAlertmanager } from '../support/alertmanager.ts';
import { writeShortenedRouting } from '../support/shortened-alerting.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';
import { ALERTS } from './rule-files.ts';

// One notification for each cause, from the shipped routing in Alertmanager. The alerts are those that the rules can fire for the
// cause, each of them for several queries; the rules themselves are tested with promtool.

const QUERIES = ['flows', 'latency', 'losses'];
const FAILING_QUERIES = ['NfmScheduledQueryFailing', 'NfmQueryWithoutResults', 'NfmResultsStale'];
const BURNS = ['NfmServiceLevelFastBurn', 'NfmServiceLevelSlowBurn'];
const OF_TARGET = [...BURNS, 'NfmRunsSkipped', 'NfmInventoryStale'];

/** Name of the alert that is sent, with its severity, and its consequences. */
interface Storm {
  readonly cause: string;
  readonly alert: string;
  readonly consequences: readonly string[];
}

const STORMS: readonly Storm[] = [
  {
    cause: 'credentials expired',
    alert: 'NfmCredentialsRefused',
    consequences: ['NfmQueryPollingFails', 'NfmApiFailing', ...FAILING_QUERIES, ...OF_TARGET],
  },
  {
    cause: 'permission denied',
    alert: 'NfmPermissionDenied',
    consequences: ['NfmQueryPollingFails', ...FAILING_QUERIES, ...OF_TARGET],
  },
  { cause: 'STS down', alert: 'NfmCredentialsRefused', consequences: ['NfmQueryPollingFails', ...OF_TARGET] },
  {
    cause: 'API down',
    alert: 'NfmApiFailing',
    consequences: ['NfmQueryPollingFails', ...FAILING_QUERIES, ...OF_TARGET, 'NfmSelectorUnmatched'],
  },
  { cause: 'throttled', alert: 'NfmApiThrottled', consequences: [...BURNS, 'NfmRunsSkipped'] },
  {
    cause: 'DNS down',
    alert: 'NfmApiFailing',
    consequences: ['NfmQueryPollingFails', ...FAILING_QUERIES, ...OF_TARGET],
  },
  {
    cause: 'exporter dead',
    alert: 'NfmExporterDown',
    consequences: ['NfmWatchedQueryFailed', 'NfmPollLag', ...FAILING_QUERIES, ...OF_TARGET],
  },
  { cause: 'storage full', alert: 'NfmStorageNotWritable', consequences: [] },
  { cause: 'invalid reload', alert: 'NfmReloadFailed', consequences: [] },
  { cause: 'monitors deleted', alert: 'NfmScheduledQueryFailing', consequences: [...FAILING_QUERIES, ...BURNS] },
];

const PER_QUERY = ['NfmQueryPollingFails', 'NfmWatchedQueryFailed', ...FAILING_QUERIES];
const PER_EXPORTER = ALERTS.filter(({ file }) => file === 'alerts-exporter.yml').map(({ alert }) => alert);

/** Alerts of one name on the exporter `instance`, as the rules label them. */
function alertsOf(alertname: string, instance: string): readonly Readonly<Record<string, string>>[] {
  const severity = ALERTS.find(({ alert }) => alert === alertname)?.labels['severity'] ?? '';
  const exporter = { alertname, severity, job: 'network-flow-monitor', instance };
  if (PER_EXPORTER.includes(alertname)) {
    return [exporter];
  }
  const target = { ...exporter, account: 'payments', aws_region: 'us-east-1' };
  return PER_QUERY.includes(alertname) ? QUERIES.map((query) => ({ ...target, query, monitor: 'checkout' })) : [target];
}

test('notifies once for each cause', async () => {
  const webhook = await startWebhookReceiver({ onTestFinished });
  const routing = writeShortenedRouting(temporaryFolder({ onTestFinished }), webhook.url, '3s');
  const alertmanager = await startAlertmanager({ onTestFinished }, routing);
  // The cause first: it would otherwise inhibit nothing until it arrives.
  await alertmanager.fire(STORMS.flatMap(({ cause, alert }) => alertsOf(alert, cause)));
  await alertmanager.fire(
    STORMS.flatMap(({ cause, consequences }) => consequences.flatMap((alert) => alertsOf(alert, cause))),
  );

  // Its alert has a cause of its own and arrives last: when its notification has arrived, all others have.
  await vi.waitFor(() => expect(webhook.notifications.length).toBeGreaterThanOrEqual(STORMS.length), {
    timeout: 30_000,
    interval: 100,
  });
  await alertmanager.fire(alertsOf('NfmExporterRestarting', 'last'));
  await vi.waitFor(
    () => expect(webhook.notifications.some(({ groupLabels }) => groupLabels['instance'] === 'last')).toBe(true),
    { timeout: 30_000, interval: 100 },
  );
  const sent = webhook.notifications.map(({ groupLabels: { instance, alertname } }) => `${instance}: ${alertname}`);
  expect(sent.filter((line) => !line.startsWith('last')).sort()).toEqual(
    STORMS.map(({ cause, alert }) => `${cause}: ${alert}`).sort(),
  );
}, 90_000);
