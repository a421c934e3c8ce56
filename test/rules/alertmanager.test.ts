import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startAlertmanager } from '../support/alertmanager.ts';
import { fileScope } from '../support/file-scope.ts';
import { PROJECT, run } from '../support/project.ts';
import { OF_MEMBERS } from './replicas/takeover.ts';
import { ALERTS, type Alert } from './rule-files.ts';

const FILE = 'config/alertmanager.yml';
const WAIT = { timeout: 15_000, interval: 200 };

const FOREIGN = { alertname: 'DiskFull', severity: 'critical' };
const scope = fileScope();
/** Receivers of alerts by their labels, as JSON. */
const receivers = new Map<string, string>();

/** Sends each alert without further labels, and one of others, to one Alertmanager. */
beforeAll(async () => {
  const alertmanager = await startAlertmanager(scope, `${PROJECT}${FILE}`);
  const sent = new Set(labelsOf([...ALERTS.map(ownLabels), FOREIGN].map((labels) => ({ labels }))));
  await alertmanager.fire([...ALERTS.map(ownLabels), FOREIGN]);
  await vi.waitFor(async () => {
    for (const alert of await alertmanager.alerts()) {
      receivers.set(labelsOf([alert]).join(), alert.receivers.map(({ name }) => name).join());
    }
    expect(new Set(receivers.keys())).toEqual(sent);
  }, WAIT);
});

const ownLabels = ({ alert, labels }: Alert) => ({ alertname: alert, ...labels });

function receiverOf(labels: Readonly<Record<string, string>>): string | undefined {
  return receivers.get(labelsOf([{ labels }]).join());
}

const TARGET = { job: 'network-flow-monitor', instance: 'a:10049', account: 'payments', aws_region: 'us-east-1' };
const QUERY = { ...TARGET, query: 'flows', monitor: 'checkout' };
const QUERY_ALERTS = ['NfmScheduledQueryFailing', 'NfmQueryWithoutResults', 'NfmResultsStale'];

/** Names of the alerts; several rules can have one name. */
const ALERT_NAMES = [...new Set(ALERTS.map(({ alert }) => alert))];
/** Alerts on an exporter without metrics. */
const OF_THE_NETWORK = /Unusual$|^NfmAwsNetworkDegraded$|^NfmRoundTripTime\w+Burn$/;
const OF_EXPORTERS = ['NfmExporterDown', 'NfmExporterMissing'];
const WITHOUT_LEADER = 'NfmReplicasWithoutLeader';

/** An alert, those that it silences, and some of the same names that it does not. */
const INHIBITIONS = [
  ...OF_EXPORTERS.map((alertname) => ({
    source: { alertname, job: TARGET.job, instance: TARGET.instance },
    silenced: ALERT_NAMES.filter((name) => !OF_EXPORTERS.includes(name)).map((name) => ({ ...QUERY, alertname: name })),
    active: [
      { ...QUERY, instance: 'b:10049', alertname: 'NfmWatchedQueryFailed' },
      { ...QUERY, alertname: 'DiskFull' },
    ],
  })),
  ...['NfmReplicasWithoutLeader', 'NfmReplicaStorageUnreachable'].map((alertname) => ({
    source: { alertname, job: TARGET.job },
    silenced: [
      ...['NfmQueryPollingFails', ...QUERY_ALERTS].map((name) => ({ ...QUERY, alertname: name })),
      { ...TARGET, alertname: 'NfmRunsSkipped' },
      { ...QUERY, instance: 'b:10049', alertname: 'NfmResultsStale' },
    ],
    active: [
      { ...QUERY, job: 'other', alertname: 'NfmResultsStale' },
      { ...QUERY, alertname: 'NfmWatchedQueryFailed' },
    ],
  })),
  {
    source: { ...QUERY, alertname: 'NfmPermissionDenied', severity: 'warning' },
    silenced: ['NfmQueryPollingFails', ...QUERY_ALERTS].map((alertname) => ({ ...QUERY, alertname })),
    active: [
      { ...QUERY, query: 'other', alertname: 'NfmQueryPollingFails' },
      { ...TARGET, alertname: 'NfmRunsSkipped' },
      { ...TARGET, kind: 'monitors', alertname: 'NfmInventoryStale' },
    ],
  },
  {
    source: { ...TARGET, alertname: 'NfmPermissionDenied', severity: 'critical' },
    silenced: [
      { ...QUERY, alertname: 'NfmPermissionDenied', severity: 'warning' },
      ...['NfmQueryPollingFails', ...QUERY_ALERTS].map((alertname) => ({ ...QUERY, alertname })),
      { ...TARGET, alertname: 'NfmRunsSkipped' },
      { ...TARGET, kind: 'monitors', alertname: 'NfmInventoryStale' },
    ],
    active: [
      { ...QUERY, account: 'shop', query: 'orders', alertname: 'NfmPermissionDenied', severity: 'warning' },
      { ...QUERY, account: 'shop', query: 'search', alertname: 'NfmQueryPollingFails' },
    ],
  },
  ...['NfmCredentialsRefused', 'NfmWrongAccount', 'NfmApiFailing'].map((alertname) => ({
    source: { ...TARGET, alertname },
    silenced: [
      { ...QUERY, alertname: 'NfmQueryPollingFails' },
      { ...QUERY, alertname: 'NfmScheduledQueryFailing' },
      { ...TARGET, alertname: 'NfmRunsSkipped' },
      { ...TARGET, alertname: 'NfmInventoryStale', kind: 'monitors' },
      { ...TARGET, alertname: 'NfmSelectorUnmatched', query_group: 'flows' },
    ],
    active: [
      { ...QUERY, account: 'shop', alertname: 'NfmQueryPollingFails' },
      { ...QUERY, aws_region: 'eu-west-1', alertname: 'NfmQueryPollingFails' },
      { ...QUERY, instance: 'b:10049', alertname: 'NfmQueryPollingFails' },
      { ...QUERY, alertname: 'NfmWatchedQueryFailed' },
    ],
  })),
  {
    source: { ...TARGET, alertname: 'NfmCredentialsRefused' },
    silenced: [{ ...TARGET, alertname: 'NfmApiFailing' }],
    active: [{ ...TARGET, aws_region: 'eu-west-1', alertname: 'NfmApiFailing' }],
  },
  {
    source: { ...TARGET, alertname: 'NfmApiThrottled' },
    silenced: [
      ...['NfmQueryPollingFails', ...QUERY_ALERTS].map((alertname) => ({ ...QUERY, alertname })),
      { ...TARGET, alertname: 'NfmRunsSkipped' },
      { ...TARGET, alertname: 'NfmInventoryStale', kind: 'monitors' },
      { ...TARGET, alertname: 'NfmSelectorUnmatched', query_group: 'flows' },
      { job: TARGET.job, instance: TARGET.instance, alertname: 'NfmPollLag' },
    ],
    active: [
      { ...QUERY, account: 'shop', alertname: 'NfmQueryPollingFails' },
      { job: TARGET.job, instance: 'b:10049', alertname: 'NfmPollLag' },
    ],
  },
  ...['NfmRunCapLowered', 'NfmBudgetTooSmall'].map((alertname) => ({
    source: { ...TARGET, alertname },
    silenced: [{ ...TARGET, alertname: 'NfmRunsSkipped' }],
    active: [
      { ...TARGET, account: 'shop', alertname: 'NfmRunsSkipped' },
      { ...QUERY, alertname: 'NfmResultsStale' },
    ],
  })),
  {
    source: { ...TARGET, kind: 'monitors', alertname: 'NfmInventoryStale' },
    silenced: [{ ...TARGET, alertname: 'NfmSelectorUnmatched', query_group: 'flows' }],
    active: [{ ...TARGET, aws_region: 'eu-west-1', alertname: 'NfmSelectorUnmatched', query_group: 'flows' }],
  },
  {
    source: { job: TARGET.job, instance: TARGET.instance, file: 'a.yaml', alertname: 'NfmDiscoveryFileBad' },
    silenced: [{ job: TARGET.job, instance: TARGET.instance, file: 'a.yaml', alertname: 'NfmDiscoveryFileEmpty' }],
    active: [{ job: TARGET.job, instance: TARGET.instance, file: 'b.yaml', alertname: 'NfmDiscoveryFileEmpty' }],
  },
  {
    source: { ...TARGET, monitor: 'checkout', alertname: 'NfmMonitorNotActive' },
    silenced: QUERY_ALERTS.map((alertname) => ({ ...QUERY, alertname })),
    active: [
      { ...QUERY, monitor: 'orders', query: 'orders', alertname: 'NfmScheduledQueryFailing' },
      { ...TARGET, scope_id: 's-1', query: 'scope', alertname: 'NfmScheduledQueryFailing' },
    ],
  },
  {
    source: { ...TARGET, scope_id: 's-1', alertname: 'NfmScopeFailed' },
    silenced: QUERY_ALERTS.map((alertname) => ({ ...TARGET, scope_id: 's-1', query: 'scope', alertname })),
    active: [{ ...QUERY, alertname: 'NfmScheduledQueryFailing' }],
  },
  {
    source: { ...TARGET, monitor: 'checkout', alertname: 'NfmAwsNetworkDegraded', severity: 'info' },
    silenced: [
      'NfmRetransmissionsUnusual',
      'NfmTimeoutsUnusual',
      'NfmRoundTripTimeUnusual',
      'NfmRoundTripTimeFastBurn',
      'NfmRoundTripTimeSlowBurn',
    ].flatMap((alertname) => [
      { ...TARGET, monitor: 'checkout', destination_category: 'INTER_AZ', alertname },
      { ...TARGET, monitor: 'checkout', destination_category: 'INTRA_AZ', instance: 'b:10049', alertname },
    ]),
    active: [
      { ...TARGET, monitor: 'orders', alertname: 'NfmRoundTripTimeUnusual' },
      { ...TARGET, monitor: 'checkout', account: 'shop', alertname: 'NfmRoundTripTimeUnusual' },
      { ...TARGET, scope_id: 's-1', alertname: 'NfmRoundTripTimeUnusual' },
      { ...QUERY, alertname: 'NfmResultsStale' },
    ],
  },
  {
    source: { ...TARGET, monitor: 'checkout', alertname: 'NfmRoundTripTimeFastBurn' },
    silenced: [{ ...TARGET, monitor: 'checkout', alertname: 'NfmRoundTripTimeSlowBurn' }],
    active: [{ ...TARGET, monitor: 'orders', alertname: 'NfmRoundTripTimeSlowBurn' }],
  },
  {
    source: { ...TARGET, alertname: 'NfmServiceLevelFastBurn', sli: 'windows' },
    silenced: [{ ...TARGET, alertname: 'NfmServiceLevelSlowBurn', sli: 'windows' }],
    active: [{ ...TARGET, alertname: 'NfmServiceLevelSlowBurn', sli: 'polls' }],
  },
  {
    source: { job: TARGET.job, instance: TARGET.instance, alertname: 'NfmPollLag' },
    silenced: [{ ...TARGET, alertname: 'NfmServiceLevelFastBurn', sli: 'polls' }],
    active: [{ ...TARGET, instance: 'b:10049', alertname: 'NfmServiceLevelFastBurn', sli: 'polls' }],
  },
  {
    source: { ...QUERY, alertname: 'NfmScheduledQueryFailing' },
    silenced: [
      { ...TARGET, alertname: 'NfmServiceLevelFastBurn', sli: 'windows' },
      { ...QUERY, alertname: 'NfmQueryWithoutResults' },
      { ...QUERY, alertname: 'NfmResultsStale' },
    ],
    active: [{ ...QUERY, query: 'other', alertname: 'NfmResultsStale' }],
  },
];

describe(FILE, () => {
  it('is one that Alertmanager takes', () => {
    expect(run('amtool', ['check-config', FILE])).toMatchObject({ status: 0, stderr: '' });
  });

  it.each(ALERTS)('sends $alert ($labels.severity) to its receiver', ({ alert, labels }) => {
    const bySeverity = { critical: 'on-call', info: 'digest' }[labels['severity'] ?? ''] ?? 'operations';
    expect(receiverOf({ alertname: alert, ...labels })).toBe(OF_THE_NETWORK.test(alert) ? 'network' : bySeverity);
  });

  it('leaves alerts that are not ours where they were', () => {
    expect(receiverOf(FOREIGN)).toBe('operations');
  });

  it('names only existing alerts', () => {
    const named = readFileSync(`${PROJECT}${FILE}`, 'utf8').match(/\bNfm[A-Z]\w+(?:\.\+\w*)?/g) ?? [];
    expect(named.length).toBeGreaterThan(20);
    // A pattern names at least one.
    const isKnown = (name: string) => ALERTS.some(({ alert }) => new RegExp(`^${name}$`).test(alert));
    expect(named.filter((name) => !isKnown(name))).toEqual([]);
  });

  // An entry of the configuration has queries in all Regions of an account.
  it('sends one notification for all Regions of an account', async () => {
    const alertmanager = await startAlertmanager({ onTestFinished }, `${PROJECT}${FILE}`);
    const failing = { ...QUERY, alertname: 'NfmScheduledQueryFailing' };
    const ofAccount = [failing, { ...failing, aws_region: 'eu-west-1', query: 'flows:eu-west-1' }];
    const others = [
      { ...failing, account: 'shop' },
      { ...failing, instance: 'b:10049' },
    ];
    await alertmanager.fire([...ofAccount, ...others]);
    await vi.waitFor(
      async () => {
        const groups = (await alertmanager.groups()).map(labelsOf);
        const expected = [ofAccount, ...others.map((labels) => [labels])].map(uniqueLabels);
        expect(groups.sort()).toEqual(expected.sort());
      },
      { timeout: 15_000, interval: 200 },
    );
  });

  // Each in a separate Alertmanager, so that no other alert has an effect.
  it.each(INHIBITIONS)('lets $source.alertname silence what follows from it', async ({ source, silenced, active }) => {
    const alertmanager = await startAlertmanager({ onTestFinished }, `${PROJECT}${FILE}`);
    await alertmanager.fire([source, ...silenced, ...active]);
    await vi.waitFor(
      async () => {
        const alerts = await alertmanager.alerts();
        const inState = (state: string) => alerts.filter(({ status }) => status.state === state);
        expect(inState('unprocessed')).toEqual([]);
        expect(labelsOf(inState('suppressed'))).toEqual(labelsOf(silenced.map((labels) => ({ labels }))));
        expect(labelsOf(inState('active'))).toEqual(labelsOf([source, ...active].map((labels) => ({ labels }))));
      },
      { timeout: 15_000, interval: 200 },
    );
  });
});

describe('alerts of config/rules-replicas.yml', () => {
  /** Without an instance, and in a job and account of its own, so that one Alertmanager can have the alerts of all cases. */
  const ofCase = (labels: Readonly<Record<string, string>>, index: number): Readonly<Record<string, string>> => {
    const { instance, account, ...others } = labels;
    return {
      ...others,
      job: `${labels['job']}-${index}`,
      ...(account === undefined ? {} : { account: `${account}-${index}` }),
      ...(instance === undefined || !OF_MEMBERS.has(labels['alertname'] ?? '') ? {} : { instance }),
    };
  };
  const a = { job: TARGET.job, instance: 'a:10049' };
  const b = { job: TARGET.job, instance: 'b:10049' };
  const { instance: _, ...ofLeader } = QUERY;
  const cases = [
    // What an alert on a member inhibits is below.
    ...INHIBITIONS.filter(({ source }) => !OF_EXPORTERS.includes(source.alertname)).map((each, index) => ({
      source: ofCase(each.source, index),
      silenced: each.silenced.map((labels) => ofCase(labels, index)),
      // Other instances are members, too.
      active: each.active
        .filter((labels) => !('instance' in labels) || labels.instance === TARGET.instance)
        .map((labels) => ofCase(labels, index))
        .filter(({ alertname }) => alertname !== 'NfmWatchedQueryFailed' || each.source.alertname !== WITHOUT_LEADER),
    })),
    ...[
      // Another member leads.
      {
        source: { ...a, alertname: 'NfmExporterDown' },
        silenced: [{ ...a, alertname: 'NfmReloadFailed' }],
        active: [
          { ...b, alertname: 'NfmReloadFailed' },
          { ...ofLeader, alertname: 'NfmWatchedQueryFailed' },
        ],
      },
      {
        source: { job: TARGET.job, group: 'default', alertname: WITHOUT_LEADER },
        silenced: [
          { ...ofLeader, alertname: 'NfmWatchedQueryFailed', severity: 'warning' },
          { ...ofLeader, alertname: 'NfmApiFailing', severity: 'warning' },
        ],
        active: [
          { ...ofLeader, alertname: 'NfmCredentialsRefused', severity: 'critical' },
          { ...a, alertname: 'NfmExporterDown', severity: 'critical' },
          { ...b, alertname: 'NfmReloadFailed', severity: 'warning' },
        ],
      },
      {
        source: { ...a, alertname: 'NfmExporterRestarting' },
        silenced: [{ ...ofLeader, alertname: 'NfmServiceLevelFastBurn', sli: 'polls' }],
        active: [],
      },
    ].map(({ source, silenced, active }, index) => ({
      source: ofCase(source, 100 + index),
      silenced: silenced.map((labels) => ofCase(labels, 100 + index)),
      active: active.map((labels) => ofCase(labels, 100 + index)),
    })),
  ];

  it('silence what follows from them, although most have no instance', async () => {
    const alertmanager = await startAlertmanager({ onTestFinished }, `${PROJECT}${FILE}`);
    const silenced = cases.flatMap((each) => each.silenced);
    const active = cases.flatMap((each) => [each.source, ...each.active]);
    await alertmanager.fire([...silenced, ...active]);
    await vi.waitFor(
      async () => {
        const alerts = await alertmanager.alerts();
        const inState = (state: string) => labelsOf(alerts.filter(({ status }) => status.state === state));
        expect(inState('unprocessed')).toEqual([]);
        expect(inState('suppressed')).toEqual(uniqueLabels(silenced));
        expect(inState('active')).toEqual(uniqueLabels(active));
      },
      { timeout: 15_000, interval: 200 },
    );
  });
});

function uniqueLabels(all: readonly Readonly<Record<string, string>>[]): string[] {
  return [...new Set(labelsOf(all.map((labels) => ({ labels }))))];
}

/** Sorts alerts independently of their source. */
function labelsOf(alerts: readonly { readonly labels: Readonly<Record<string, string>> }[]): string[] {
  return alerts.map(({ labels }) => JSON.stringify(Object.entries(labels).sort())).sort();
}
