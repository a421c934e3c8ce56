import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Alertmanager, startAlertmanager } from '../support/alertmanager.ts';
import { fileScope } from '../support/file-scope.ts';
import { heldClock } from '../support/held-clock.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { RestartableExporter } from '../support/restartable-exporter.ts';
import { FASTER, writeShortenedRouting, writeShortenedRules } from '../support/shortened-alerting.ts';
import { runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Notification, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

// The way of an alert: simulator, exporter, Prometheus with config/rules, Alertmanager with config/alertmanager.yml, webhook,
// each as it is, in a process of its own but for the simulator and the webhook. Spans of time in the rules and waits in the
// routes are a twentieth of what is shipped (shortened-alerting.ts), all but `group_wait`; Prometheus scrapes each
// second and evaluates every two. Nothing else is changed.

const REGION = 'eu-west-1';
const JOB = 'network-flow-monitor';
const RUNNING_MS = 2_000;
const GROUP_WAIT_MS = 5_000;
const GROUP_INTERVAL_MS = (5 * 60_000) / FASTER;

const watched = (queryId: string, monitorName: string) => ({
  type: 'monitor-top-contributors',
  region: REGION,
  monitorName,
  queryId,
  queuedFor: 0,
});
const failing = (queryId: string, monitorName: string) => ({
  ...watched(queryId, monitorName),
  runningFor: RUNNING_MS / 1_000,
  outcome: 'FAILED',
});
const denied = (queryId: string) => ({ ...watched(queryId, 'search'), outcome: 'none' });

const SCENARIO = {
  accounts: [
    { id: '111122223333', regions: { [REGION]: { monitors: [{ name: 'checkout' }, { name: 'search' }], scopes: [] } } },
  ],
  queries: [
    failing('checkout-timeouts', 'checkout'),
    failing('checkout-retransmissions', 'checkout'),
    failing('search-timeouts', 'search'),
    failing('orders-timeouts', 'checkout'),
    denied('search-denied'),
    denied('search-denied-too'),
  ],
  faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { queryId: 'search-denied*' } }],
};

/** A config's entry of a query of the scenario, by its id. */
const entry = (name: string, account: string, monitorName: string) => ({ name, account, monitorName, queryId: name });
const OF_PAYMENTS = [
  entry('checkout-timeouts', 'payments', 'checkout'),
  entry('checkout-retransmissions', 'payments', 'checkout'),
];
const OF_SHOP = [
  entry('search-timeouts', 'shop', 'search'),
  entry('search-denied', 'shop', 'search'),
  entry('search-denied-too', 'shop', 'search'),
];
const OF_ORDERS = [entry('orders-timeouts', 'orders', 'checkout')];

/** An exporter's configuration. */
function config(queries: readonly { readonly account: string }[]) {
  const accounts = [...new Set(queries.map(({ account }) => account))].map((name) => ({ name }));
  const aws = { region: REGION, endpoint, stsEndpoint: endpoint };
  return { aws, accounts, polling: { interval: '1s' }, queries };
}

const scope = fileScope();
const folder = temporaryFolder(scope);
/** One exporter that is restarted, and one that is down for long. */
const restarted = new RestartableExporter(scope, '127.0.0.3', join(folder, 'restarted.json'));
const lost = new RestartableExporter(scope, '127.0.0.4', join(folder, 'lost.json'));
let endpoint: string;
let prometheus: Prometheus;
let alertmanager: Alertmanager;
let webhook: WebhookReceiver;
/** When the queries fail at the service, in milliseconds since the epoch. */
let failAt: number;

const steps: { readonly at: number; readonly what: string }[] = [];
const step = (what: string, at = Date.now()) => steps.push({ at, what });

const WAIT = { timeout: 60_000, interval: 500 };

/** The notification of a group, once it is there. */
function told(status: Notification['status'], labels: Readonly<Record<string, string>>): Promise<Notification> {
  return vi.waitFor(() => {
    const found = webhook.notifications.find(
      (each) =>
        each.status === status && Object.entries(labels).every(([name, value]) => each.groupLabels[name] === value),
    );
    if (found === undefined) {
      throw new Error(`the webhook received no notification: ${status} ${JSON.stringify(labels)}`);
    }
    return found;
  }, WAIT);
}

/** Resolves when an expression has a result in Prometheus. */
async function seen(expression: string): Promise<void> {
  await vi.waitFor(async () => expect(await prometheus.query(expression)).not.toEqual([]), WAIT);
}

/** When an alert first waited for its `for` to be over, to the second; in milliseconds since the epoch. */
async function pendingSince({ alertname, instance, account }: Readonly<Record<string, string>>): Promise<number> {
  const alert = `ALERTS{alertstate="pending", alertname="${alertname}", instance="${instance}", account="${account}"}`;
  const series = await prometheus.queryRange(alert, failAt / 1_000, Date.now() / 1_000);
  return Math.min(...series.flatMap(({ points }) => points.map(({ at }) => at * 1_000)));
}

/** What Alertmanager has of an alert of an exporter; undefined when it does not fire. */
async function inAlertmanager(alertname: string, { instance }: RestartableExporter) {
  const alerts = await alertmanager.alerts();
  return alerts.find(({ labels }) => labels['alertname'] === alertname && labels['instance'] === instance);
}

beforeAll(async () => {
  const clock = heldClock();
  endpoint = (await runSimulator(scope, SCENARIO, { clock })).url;
  webhook = await startWebhookReceiver(scope);
  const routing = writeShortenedRouting(folder, webhook.url, { groupWait: `${GROUP_WAIT_MS / 1_000}s` });
  alertmanager = await startAlertmanager(scope, routing);
  restarted.configure(config([...OF_PAYMENTS, ...OF_SHOP]));
  lost.configure(config(OF_ORDERS));
  await Promise.all([restarted.start(), lost.start()]);
  prometheus = await startPrometheus(
    scope,
    [{ job_name: JOB, static_configs: [{ targets: [restarted.instance, lost.instance] }] }],
    [writeShortenedRules(folder)],
    [new URL(alertmanager.url).host],
    '2s',
  );
  await seen('count(aws_nfm_query_status{status="RUNNING"} == 1) == 4');
  clock.letGo();
  failAt = Date.now() + RUNNING_MS;
  step('four queries fail at the service', failAt);
}, 60_000);

afterAll(() => {
  const lines = steps
    .sort((a, b) => a.at - b.at)
    .map(({ at, what }) => `${((at - failAt) / 1_000).toFixed(1).padStart(6)} s  ${what}`);
  console.log(`The way of the alerts:\n${lines.join('\n')}`);
});

test.concurrent('failed queries are notified once per account, also across a restart, and resolved once', async () => {
  const { instance } = restarted;
  const payments = { alertname: 'NfmWatchedQueryFailed', instance, account: 'payments' };

  const firing = await told('firing', payments);
  step('payments: the exporter sees FAILED', await restarted.statusSince('checkout-timeouts'));
  step('payments: NfmWatchedQueryFailed is pending in Prometheus', await pendingSince(payments));
  step('payments: NfmWatchedQueryFailed fires in Prometheus', Date.parse(firing.alerts[0]?.startsAt ?? ''));
  step('payments: the webhook is notified', firing.at);
  expect(firing).toMatchObject({
    receiver: 'operations',
    groupLabels: { ...payments, job: JOB },
    commonLabels: { aws_region: REGION },
    commonAnnotations: {
      summary: 'A watched query has failed.',
      runbook_url: 'https://git.example/network-flow-monitor-exporter/blob/main/docs/runbooks/NfmWatchedQueryFailed.md',
    },
  });
  expect(firing.alerts).toHaveLength(2);
  for (const { name } of OF_PAYMENTS) {
    expect(firing.alerts).toContainEqual(
      expect.objectContaining({
        status: 'firing',
        labels: expect.objectContaining({ query: name, monitor: 'checkout', severity: 'warning', status: 'FAILED' }),
        annotations: expect.objectContaining({
          description: `Query ${name} of account payments in ${REGION} has been FAILED for a minute or more.`,
        }),
      }),
    );
  }
  await told('firing', { ...payments, account: 'shop' });

  step('the exporter is ended with SIGTERM');
  const before = Date.now() / 1_000;
  await restarted.end('SIGTERM');
  await seen(`up{instance="${instance}"} == 0`);
  step('Prometheus sees it down');
  await restarted.start();
  await seen(`aws_nfm_query_status{instance="${instance}", query="checkout-timeouts", status="FAILED"} == 1`);
  step('it runs again, and Prometheus sees the status again');
  // The time within which Alertmanager would notify of a change.
  await pass(GROUP_INTERVAL_MS + 1_000);
  const after = Date.now() / 1_000;
  const fired = await prometheus.queryRange(
    `count(ALERTS{alertname="NfmWatchedQueryFailed", instance="${instance}", alertstate="firing"})`,
    before,
    after,
  );
  expect(fired.flatMap(({ points }) => points.map(({ value }) => value))).toEqual(
    Array.from({ length: Math.floor(after - before) + 1 }, () => 3),
  );

  restarted.configure(config(OF_SHOP));
  await restarted.reload();
  step('payments: its queries are taken out of the configuration');
  const resolved = await told('resolved', payments);
  step('payments: Prometheus finds the alerts over', Date.parse(resolved.alerts[0]?.endsAt ?? ''));
  step('payments: the webhook is notified that the alert is resolved', resolved.at);
  expect(resolved.alerts.map(({ status, labels }) => [status, labels['query']]).sort()).toEqual([
    ['resolved', 'checkout-retransmissions'],
    ['resolved', 'checkout-timeouts'],
  ]);

  // Denied queries: one notification, for those who own the account, while another query there succeeds.
  const permission = await told('firing', { alertname: 'NfmPermissionDenied', account: 'shop' });
  step('shop: the webhook is notified of NfmPermissionDenied', permission.at);
  expect(permission).toMatchObject({ receiver: 'operations', commonLabels: { severity: 'warning' } });
  expect(permission.alerts.map(({ annotations }) => annotations['description']).sort()).toEqual(
    ['search-denied', 'search-denied-too'].map(
      (name) =>
        `Query ${name} of account shop in ${REGION} has failed with AccessDeniedException for 20 minutes, while other queries there succeed.`,
    ),
  );
  // Nothing else reports them, for as long as Alertmanager takes to send a change.
  await pass(GROUP_INTERVAL_MS + 1_000);
  expect(await inAlertmanager('NfmQueryPollingFails', restarted)).toBeUndefined();
}, 150_000);

test.concurrent('an exporter that is down for long is notified once, and inhibits the alerts that result from it', async () => {
  const { instance } = lost;
  const down = { alertname: 'NfmExporterDown', instance };
  await told('firing', { alertname: 'NfmWatchedQueryFailed', instance });
  await lost.end('SIGKILL');
  step('orders: the exporter is killed');

  await vi.waitFor(async () => {
    const source = await inAlertmanager('NfmExporterDown', lost);
    expect(await inAlertmanager('NfmWatchedQueryFailed', lost)).toMatchObject({
      status: { state: 'suppressed', inhibitedBy: [source?.fingerprint] },
    });
  }, WAIT);
  const firing = await told('firing', down);
  step('orders: NfmExporterDown fires in Prometheus', Date.parse(firing.alerts[0]?.startsAt ?? ''));
  step('orders: the webhook is notified that the exporter is down', firing.at);
  expect(firing).toMatchObject({
    receiver: 'on-call',
    alerts: [
      {
        labels: { ...down, job: JOB, severity: 'critical' },
        annotations: {
          summary: 'A Network Flow Monitor exporter is down.',
          description: `Scrapes of ${instance} (job ${JOB}) have failed for 5 minutes. The state of its queries is unknown.`,
          runbook_url: 'https://git.example/network-flow-monitor-exporter/blob/main/docs/runbooks/NfmExporterDown.md',
        },
      },
    ],
  });
  // The alert of the query ends with `keep_firing_for`. It sends no resolved notification, because the state of the query is
  // unknown: neither now nor at the next evaluation of the group.
  await vi.waitFor(async () => expect(await inAlertmanager('NfmWatchedQueryFailed', lost)).toBeUndefined(), WAIT);
  step('orders: NfmWatchedQueryFailed has ended in Prometheus, silenced by NfmExporterDown');
  await pass(GROUP_INTERVAL_MS + 1_000);

  await lost.start();
  step('orders: the exporter runs again');
  const resolved = await told('resolved', down);
  step('orders: the webhook is notified that the exporter is up', resolved.at);
  // The query is still FAILED: no new notification.
  await vi.waitFor(async () => {
    expect(await inAlertmanager('NfmWatchedQueryFailed', lost)).toMatchObject({ status: { state: 'active' } });
  }, WAIT);
  await pass(GROUP_WAIT_MS + 1_000);
}, 150_000);

test('the webhook receives no other notification, and none twice', () => {
  const nameOf = new Map([
    [restarted.instance, 'restarted'],
    [lost.instance, 'lost'],
  ]);
  const all = webhook.notifications.map(({ receiver, status, groupLabels, alerts }) => {
    const { alertname, instance = '', account } = groupLabels;
    return [receiver, status, alertname, nameOf.get(instance), account, alerts.length].join(' ');
  });
  expect(all.sort()).toEqual([
    'on-call firing NfmExporterDown lost  1',
    'on-call resolved NfmExporterDown lost  1',
    'operations firing NfmPermissionDenied restarted shop 2',
    'operations firing NfmWatchedQueryFailed lost orders 1',
    'operations firing NfmWatchedQueryFailed restarted payments 2',
    'operations firing NfmWatchedQueryFailed restarted shop 1',
    'operations resolved NfmWatchedQueryFailed restarted payments 2',
  ]);
});
