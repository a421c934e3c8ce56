import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { withOnlyNeeded } from '../rules/needed-rules.ts';
import type { RuleGroup } from '../rules/replicas/replica-rules.ts';
import { startAlertmanager } from '../support/alertmanager.ts';
import { labelsOfLegend, type PanelQuery, panelQueries } from '../support/dashboard-files.ts';
import { createRegisterTable, startDynalite } from '../support/dynalite.ts';
import { ExpositionPage } from '../support/exposition-page.ts';
import { freePort } from '../support/loopback-server.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { writeShortenedRouting } from '../support/shortened-alerting.ts';
import { endlessQueries, runSimulator } from '../support/simulated-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Notification, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const HERE = { onTestFinished };
const WAIT = { timeout: 60_000, interval: 200 };
const REGION = 'us-east-1';
/** Scheduled queries whose runs last over the takeover. With the others, less than the concurrent-run limit. */
const SCHEDULED = 4;
/** Scheduled queries that have results before the takeover. */
const WITH_RESULTS = 2;
/** Interval of the evaluations of rules, in seconds. */
const EVALUATED_S = 2;
/** Scrapes are 1 s apart, evaluations a little more, and a busy machine delays them. */
const SLACK_S = 5;

const SCENARIO = {
  accounts: [{ id: '123456789012' }],
  startedQueries: [
    { match: { destinationCategory: 'INTRA_AZ' }, queuedFor: '0s', runningFor: '0s' },
    { queuedFor: '0s', runningFor: '20s' },
  ],
  queries: [endlessQueries(REGION, 'runs'), endlessQueries(REGION, 'denied')],
  faults: [{ kind: 'error', name: 'AccessDeniedException', status: 403, match: { queryId: 'denied' } }],
};

/** Starts a member in a process of its own. All members have the same file. */
async function startMember(id: string, service: string, table: string) {
  const instance = `127.0.0.1:${await freePort()}`;
  const url = `http://${instance}`;
  const file = join(temporaryFolder(HERE), 'nfm-exporter.json');
  const config = {
    aws: { region: REGION, endpoint: service, stsEndpoint: service, requestsPerSecond: 50 },
    storage: { dynamodb: { table: 'replicas', region: REGION, endpoint: table } },
    replicas: { id: `\${MEMBER_ID}`, url: `\${MEMBER_URL}`, heartbeat: '1s' },
    polling: { interval: '1s' },
    queries: [
      { name: 'runs', monitorName: 'checkout', queryId: 'runs' },
      { name: 'denied', monitorName: 'checkout', queryId: 'denied' },
      { name: 'missing', monitorName: 'checkout', queryId: 'not-there' },
      {
        name: 'flows',
        monitorName: 'checkout',
        metricName: ['RETRANSMISSIONS', 'TIMEOUTS'],
        destinationCategory: ['INTER_AZ', 'INTER_VPC'],
        schedule: { every: '1h', delay: '0s' },
      },
      {
        name: 'results',
        monitorName: 'checkout',
        metricName: ['RETRANSMISSIONS', 'DATA_TRANSFERRED'],
        destinationCategory: 'INTRA_AZ',
        schedule: { every: '1h', delay: '0s' },
      },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  const args = [`--config.file=${file}`, `--web.listen-address=${instance}`];
  const command = startCommand(HERE, args, { ...CLEAN_ENVIRONMENT, MEMBER_ID: id, MEMBER_URL: url });
  await command.url();
  const value = async (family: string) =>
    new ExpositionPage(await (await fetch(`${url}/metrics`)).text()).value(family, {});
  return { id, instance, command, value };
}

type Member = Awaited<ReturnType<typeof startMember>>;

const leads = (member: Member) =>
  vi.waitFor(async () => expect(await member.value('aws_nfm_replica_leader')).toBe(1), WAIT);

/**
 * Longest time without a point in each series, in seconds: between `from` and `to`, and between its first point and `to`. All
 * these times count as points.
 */
async function gaps(prometheus: Prometheus, expression: string, from: number, to: number) {
  const series = await prometheus.queryRange(expression, from, to);
  return series.map(({ labels, points }) => {
    const times = [...points.map(({ at }) => at), to];
    const gapAfterFirst = Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)));
    return { labels, gap: Math.max((times[0] ?? to) - from, gapAfterFirst), gapAfterFirst };
  });
}

const AT_THE_SPEED_OF_SCRAPES = { __range: '1m', __rate_interval: '10s', __interval_ms: '1000' };
/** Queries of panels over time, of queries without runs over the takeover: their rows do not change. */
const PANELS = panelQueries({ ...AT_THE_SPEED_OF_SCRAPES, query: 'runs|denied|missing|results.*' }).filter(
  ({ instant }) => !instant,
);
/** Panels with series of each process. */
const ofProcesses = ({ legend }: PanelQuery) => legend.includes('{{instance}}');
/** Panels of events: a series ends if there are no events. */
const ofEvents = ({ expression }: PanelQuery) => expression.endsWith(' > 0');
/** Panels of contributors, statuses, and ages. All have data. */
const WITH_DATA = [
  'Retransmissions: worst flows',
  'Retransmissions by monitor',
  'Retransmissions by category',
  'Data transferred',
  'Retransmissions per GB',
  'Queries by status',
  'Status of watched queries',
  'Last outcome of scheduled queries',
  'API up',
  'Freshness',
  'Age of the last success',
  'Age of the inventory',
];

test('a takeover makes no gap in panels and recorded series, notifies of no alert again, and counts each run once', {
  timeout: 180_000,
}, async () => {
  const dynalite = await startDynalite(HERE);
  await createRegisterTable(dynalite.port, 'replicas');
  const service = await runSimulator(HERE, SCENARIO);
  const table = `http://127.0.0.1:${dynalite.port}`;
  const first = await startMember('first', service.url, table);
  await leads(first);
  const second = await startMember('second', service.url, table);
  await vi.waitFor(async () => expect(await second.value('aws_nfm_replica_members')).toBe(2), WAIT);
  const prometheus = await startPrometheus(
    HERE,
    [{ job_name: 'network-flow-monitor', static_configs: [{ targets: [first.instance, second.instance] }] }],
    [`${PROJECT}config/rules/thresholds.yml`, `${PROJECT}config/rules-replicas.yml`],
    [],
    `${EVALUATED_S}s`,
  );
  // The first two report the takeover itself, and end before they fire. The last one ends when the query is known to be denied.
  const alerts = `ALERTS{alertname!~"NfmReplicasWithoutLeader|NfmExporterDown"}
    unless ALERTS{alertname="NfmQueryPollingFails", query="denied"}`;
  const webhook = await startNotifications([first, second]);
  await vi.waitFor(
    async () => {
      expect(await prometheus.query('replicas:aws_nfm_query_up')).toHaveLength(3 + SCHEDULED + WITH_RESULTS);
      expect(await prometheus.query('replicas:aws_nfm_contributor_retransmissions')).not.toEqual([]);
      expect(await prometheus.query('ALERTS{alertname="NfmPermissionDenied"}')).toHaveLength(1);
      expect(await prometheus.query('ALERTS{alertname="NfmQueryPollingFails", query="missing"}')).toHaveLength(1);
      expect(await prometheus.query('up == 1')).toHaveLength(2);
      expect(webhook.notifications.map(nameOf)).toEqual(
        expect.arrayContaining(NOTIFIED.map((name) => `firing ${name}`)),
      );
      // On a busy machine, a group is sent again with the last of its first alerts.
      expect(Date.now() - (webhook.notifications.at(-1)?.at ?? 0)).toBeGreaterThan(GROUP_CHECKED_AFTER_S * 1_000);
    },
    { ...WAIT, interval: 1_000 },
  );
  // Sums over 5-minute steps begin at a mark of the clock, which is not to be within the takeover.
  await vi.waitFor(() => expect((Date.now() / 1_000) % 300).toBeLessThan(260), WAIT);
  const notifiedBefore = webhook.notifications.length;
  const from = Math.ceil(Date.now() / 1_000);
  // Two evaluations before the takeover.
  await vi.waitFor(() => expect(Date.now() / 1_000).toBeGreaterThan(from + 2 * EVALUATED_S), WAIT);

  first.command.kill('SIGKILL');
  await first.command.ended;
  const killed = Date.now() / 1_000;
  await leads(second);
  const takeover = Date.now() / 1_000 - killed;
  const increase =
    'sum(sum without (instance, pod) (increase(aws_nfm_query_runs_total{query=~"flows.*", outcome="succeeded"}[5m])))';
  const counted = async () => (await prometheus.query(increase))[0]?.value ?? 0;
  await vi.waitFor(async () => expect(await counted()).toBeGreaterThan(SCHEDULED - 1.5), WAIT);
  // Five evaluations after the takeover.
  await vi.waitFor(() => expect(Date.now() / 1_000).toBeGreaterThan(killed + takeover + 5 * EVALUATED_S), WAIT);
  const to = Math.floor(Date.now() / 1_000) - 1;

  expect(await second.value('aws_nfm_replica_epoch')).toBe(2);
  expect(service.requests.filter(({ operation }) => operation?.startsWith('StartQuery'))).toHaveLength(
    SCHEDULED + WITH_RESULTS,
  );
  expect(Math.abs((await counted()) - SCHEDULED)).toBeLessThanOrEqual(1);
  for (const name of ['replicas:aws_nfm_query_up', 'replicas:aws_nfm_query_info', alerts]) {
    const found = await gaps(prometheus, name, from, to);
    expect(found.length, name).toBeGreaterThan(0);
    for (const { labels, gap, gapAfterFirst } of found) {
      // The history of seconds may make an alert pending at any time. It must not end and begin again.
      const longest = name === alerts ? gapAfterFirst : gap;
      expect(longest, JSON.stringify(labels)).toBeLessThanOrEqual(takeover + SLACK_S);
    }
  }
  await checkDashboards(prometheus, from, to, takeover);
  // Alertmanager has looked at the group again.
  await vi.waitFor(() => expect(Date.now() / 1_000).toBeGreaterThan(killed + takeover + GROUP_CHECKED_AFTER_S), WAIT);
  expect(webhook.notifications.slice(notifiedBefore).map(nameOf)).toEqual([]);
  const fired = await prometheus.queryRange('ALERTS{alertstate="firing"}', from, to);
  expect(fired.map(({ labels }) => labels)).toEqual([]);
  expect((await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
});

/** Alerts of queries that never succeed. */
const NOTIFIED = ['NfmPermissionDenied', 'NfmQueryPollingFails'];
/** Factor between the waits of the shipped routing and those of the test: its `group_interval` of 5 minutes becomes 5 s. */
const FASTER = 60;
/** Interval of its scrapes and evaluations, in seconds. */
const SCRAPED_S = 3;
/** Time after which Alertmanager has looked at a group again, in seconds. */
const GROUP_CHECKED_AFTER_S = (5 * 60) / FASTER + 2;

const nameOf = ({ status, groupLabels }: Notification) => `${status} ${groupLabels['alertname']}`;

/**
 * Starts another Prometheus, whose alerts of these queries fire at the second evaluation and end at once, and an Alertmanager with the shipped routes
 * and inhibitions. Returns the receiver of the notifications.
 */
async function startNotifications(members: readonly Member[]): Promise<WebhookReceiver> {
  const folder = temporaryFolder(HERE);
  const groups = ['rules/thresholds.yml', 'rules-replicas.yml'].flatMap((file): RuleGroup[] => {
    return parse(readFileSync(`${PROJECT}config/${file}`, 'utf8')).groups;
  });
  // The others do not fire within minutes.
  const shortened = withOnlyNeeded(groups, NOTIFIED).map(({ name, rules }) => ({
    name,
    rules: rules.map((rule) =>
      NOTIFIED.includes(rule.alert ?? '') ? { ...rule, for: `${SCRAPED_S}s`, keep_firing_for: undefined } : rule,
    ),
  }));
  const rules = join(folder, 'rules.yml');
  writeFileSync(rules, stringify({ groups: shortened }));
  const webhook = await startWebhookReceiver(HERE);
  const alertmanager = await startAlertmanager(
    HERE,
    writeShortenedRouting(folder, webhook.url, { faster: FASTER, groupWait: '1s' }),
  );
  const targets = members.map(({ instance }) => instance);
  await startPrometheus(
    HERE,
    // The interval is also the timeout: on a busy machine, a scrape takes more than a second, and without it alerts end at once.
    [{ job_name: 'network-flow-monitor', scrape_interval: `${SCRAPED_S}s`, static_configs: [{ targets }] }],
    [rules],
    [new URL(alertmanager.url).host],
    `${SCRAPED_S}s`,
  );
  return webhook;
}

/** Checks that panels show one series per object, without a longer gap than the takeover, and each run once. */
async function checkDashboards(prometheus: Prometheus, from: number, to: number, takeover: number): Promise<void> {
  const shown = new Set<string>();
  for (const query of PANELS.filter((each) => !ofProcesses(each) && !ofEvents(each))) {
    const { expression, panel } = query;
    const found = await gaps(prometheus, expression, from, to);
    for (const { labels, gap } of found) {
      expect(gap, `${panel.title}: ${JSON.stringify(labels)}`).toBeLessThanOrEqual(takeover + SLACK_S);
      shown.add(panel.title);
    }
    expect(
      found.filter(({ labels }) => 'instance' in labels),
      panel.title,
    ).toEqual([]);
    const names = found.map(({ labels }) =>
      labelsOfLegend(query)
        .map((label) => labels[label])
        .join(),
    );
    expect(new Set(names).size, panel.title).toBe(found.length);
  }
  expect([...shown]).toEqual(expect.arrayContaining(WITH_DATA));
  const [runs] = panelQueries({ ...AT_THE_SPEED_OF_SCRAPES, query: 'flows.*' }).filter(
    ({ panel }) => panel.title === 'Runs by outcome',
  );
  // A bar per second.
  const bars = await prometheus.queryRange(runs?.expression ?? '', from - 60, to);
  const total = bars.flatMap(({ points }) => points).reduce((sum, { value }) => sum + value, 0);
  expect(Math.abs(total - SCHEDULED)).toBeLessThanOrEqual(1);
}
