import fc from 'fast-check';
import { expect, it } from 'vitest';
import { digestOf } from '../../src/results/flow-digest.ts';
import type { FlowGroups } from '../../src/results/flow-groups.ts';
import { verdictOf } from '../../src/results/verdict.ts';
import { type Sample, verify } from '../dashboards/evaluation.ts';
import { PROJECT } from '../support/project.ts';

// The rules and the exporter's own page use the same definition. Each monitor here has random flows, and both must agree on it.

const FILES = ['thresholds', 'recording-contributors', 'recording-verdict'].map(
  (file) => `${PROJECT}config/rules/${file}.yml`,
);
const EXPORTER = 'job="network-flow-monitor", instance="a:10049"';
const MONITOR = 'account="a", aws_region="r"';
const WINDOW_SECONDS = 100;

interface TestFlow {
  readonly value: number;
  readonly local: readonly [zone: string, instance: string, workload: string];
  readonly remote: readonly [zone: string, instance: string, workload: string];
  readonly mirror: boolean;
}

const end = fc.tuple(
  fc.constantFrom('z1', 'z1', 'z2', 'z2', 'z3', ''),
  fc.constantFrom('i1', 'i2', 'i3', 'i4', 'i5', ''),
  fc.constantFrom('w1', 'w2', 'w3', ''),
);
const flow = fc.record<TestFlow>({
  value: fc.integer({ min: 50, max: 999 }),
  local: end,
  remote: end,
  mirror: fc.constantFrom(true, false, false, false),
});
const monitor = fc.record({
  flows: fc.array(flow, { minLength: 4, maxLength: 16 }),
  bytes: fc.array(flow, { minLength: 8, maxLength: 16 }),
  /** Loss between two zones, at one workload, or in a single flow. */
  lossy: fc.constantFrom('zones', 'workload', 'flow', 'none'),
});
type TestMonitor = typeof monitor extends fc.Arbitrary<infer Value> ? Value : never;

function withLoss({ flows, lossy }: TestMonitor): TestFlow[] {
  return flows.map((each, index) => {
    const { local, remote } = each;
    const isLossy =
      (lossy === 'zones' && ['z1z2', 'z2z1'].includes(local[0] + remote[0])) ||
      (lossy === 'workload' && [local[2], remote[2]].includes('w1')) ||
      (lossy === 'flow' && index === 0);
    return isLossy ? { ...each, value: each.value * 40 } : each;
  });
}

function groups(flows: readonly TestFlow[]): FlowGroups {
  const rows = flows.map(({ value, local, remote, mirror }, index) => ({
    baseValue: value / WINDOW_SECONDS,
    targetPort: mirror ? 0 : 443,
    localIp: `local ${index}`,
    remoteIp: `remote ${index}`,
    localAz: local[0],
    localInstanceId: local[1],
    remoteAz: remote[0],
    remoteInstanceId: remote[1],
    kubernetesMetadata: {
      localServiceName: local[2],
      remoteServiceName: remote[2],
      localPodNamespace: 'n',
      remotePodNamespace: 'n',
    },
  }));
  const found = digestOf('RETRANSMISSIONS', { rows }).groups;
  if (found === undefined) {
    throw new Error('no groups');
  }
  // Allowances are known here: the rules decide on an instance by them.
  return { ...found, instance: [] };
}

function series(name: string, metric: 'RETRANSMISSIONS' | 'DATA_TRANSFERRED', flows: readonly TestFlow[]) {
  const own = `${EXPORTER}, query="${name} ${metric}"`;
  const of = `${MONITOR}, monitor="${name}", destination_category="INTER_AZ"`;
  const family = metric === 'RETRANSMISSIONS' ? 'retransmissions' : 'data_transferred_bytes';
  const side = (prefix: string, [zone, instance, workload]: TestFlow['local']) =>
    `${prefix}_az="${zone}", ${prefix}_instance_id="${instance}", ${prefix}_service_name="${workload}", ${prefix}_pod_namespace="n"`;
  return [
    {
      series: `aws_nfm_query_info{${own}, ${of}, metric_name="${metric}", query_type="monitor-top-contributors"}`,
      values: '1x4',
    },
    { series: `aws_nfm_query_results_window_seconds{${own}}`, values: `${WINDOW_SECONDS}x4` },
    { series: `aws_nfm_query_contributors{${own}}`, values: `${flows.length}x4` },
    ...flows.map(({ value, local, remote, mirror }, index) => ({
      series: `aws_nfm_contributor_${family}{${own}, ${of}, ${side('local', local)}, ${side('remote', remote)}, remote_ip="${index}"${mirror ? ', mirror="true"' : ''}}`,
      values: `${value}x4`,
    })),
  ];
}

it('agrees with the page of the exporter on random flows', () => {
  const monitors = fc.sample(monitor, { numRuns: 80, seed: 7 });
  const agents = ['i1', 'i2', 'i3', 'i4', 'i5'].map((id) => ({
    series: `bw_in_allowance_exceeded{job="agents", instance_id="${id}", eni="e"}`,
    values: '0x4',
  }));
  const all = monitors.map((each, index) => {
    const name = `m${index}`;
    const flows = withLoss(each);
    const verdict = verdictOf({ degraded: false, retransmissions: groups(flows), bytes: groups(each.bytes) });
    // Without an instance, no agent can be scraped.
    const hasAgent = flows.some(({ mirror, local, remote }) => !mirror && `${local[1]}${remote[1]}` !== '');
    const health = {
      series: `aws_nfm_monitor_health_degraded{${EXPORTER}, ${MONITOR}, monitor="${name}"}`,
      values: '0x4',
    };
    return {
      name,
      verdict: verdict.verdict === 'nothing unusual' && !hasAgent ? 'unknown: no data' : verdict.verdict,
      series: [health, ...series(name, 'RETRANSMISSIONS', flows), ...series(name, 'DATA_TRANSFERRED', each.bytes)],
    };
  });
  const counts = new Map<string, number>();
  for (const { verdict } of all) {
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  }
  expect(counts.get('one zone pair')).toBeGreaterThan(3);
  expect(counts.get('one workload')).toBeGreaterThan(3);
  expect(counts.get('nothing unusual')).toBeGreaterThan(20);
  verify(
    [...agents, ...all.flatMap((each) => each.series)],
    [
      {
        expr: 'group by (monitor, verdict) (monitor:aws_nfm_verdict:info)',
        eval_time: '3m',
        exp_samples: all.map(
          ({ name, verdict }): Sample => ({ labels: `{monitor="${name}", verdict="${verdict}"}`, value: 1 }),
        ),
      },
    ],
    '1m',
    FILES,
  );
});

it('is unknown for each kind of missing data, and an allowance or a usual range decides if it is exceeded', () => {
  const even = (['i1', 'i2', 'i3'] as const).map(
    (id, index): TestFlow => ({
      value: 200 - index,
      local: [`z${index}`, id, ''],
      remote: [`z${(index + 1) % 3}`, `other ${id}`, ''],
      mirror: false,
    }),
  );
  const named = (name: string) =>
    even.map(({ local: [zone, instance, workload], ...more }) => ({
      ...more,
      local: [zone, `${name} ${instance}`, workload] as const,
    }));
  const health = (name: string, values = '0x4') => ({
    series: `aws_nfm_monitor_health_degraded{${EXPORTER}, ${MONITOR}, monitor="${name}"}`,
    values,
  });
  const agent = (id: string, values = '0x4') => ({
    series: `pps_allowance_exceeded{job="agents", instance_id="${id}", eni="e"}`,
    values,
  });
  const flows = (name: string) => [
    ...series(name, 'RETRANSMISSIONS', named(name)),
    ...series(name, 'DATA_TRANSFERRED', named(name)),
  ];
  const info = (name: string, verdict: string, rule: string, subject = '') => ({
    expr: `monitor:aws_nfm_verdict:info{monitor="${name}"} * 1`,
    eval_time: '3m',
    exp_samples: [
      {
        labels: `{${EXPORTER}, ${MONITOR}, monitor="${name}", verdict="${verdict}", rule="${rule}"${subject === '' ? '' : `, subject="${subject}"`}}`,
        value: 1,
      },
    ],
  });
  verify(
    [
      ...flows('blind'),
      agent('blind i1'),
      ...series('no bytes', 'RETRANSMISSIONS', named('no bytes')),
      agent('no bytes i1'),
      health('no bytes'),
      ...flows('no agents'),
      health('no agents'),
      ...flows('limited'),
      health('limited'),
      agent('limited i1', '7x4'),
      agent('limited i2', '9x4'),
      // A third of the retransmissions is not most of them.
      ...flows('partly limited'),
      health('partly limited'),
      agent('partly limited i1', '7x4'),
      ...flows('degraded'),
      health('degraded', '1x4'),
      agent('degraded i1', '7x4'),
      agent('degraded i2', '7x4'),
      ...flows('quiet'),
      health('quiet'),
      agent('quiet i1'),
      {
        series: `aws_nfm_monitor_observed_seconds_total{${EXPORTER}, ${MONITOR}, monitor="no queries"}`,
        values: '0+60x4',
      },
    ],
    [
      info('blind', 'unknown: no data', 'no health indicator'),
      info('no bytes', 'unknown: no data', 'no results of DATA_TRANSFERRED'),
      info('no agents', 'unknown: no data', 'no metrics of agents'),
      info('limited', 'instance allowance', 'most retransmissions at instances over an allowance', 'limited i1 pps'),
      info('partly limited', 'nothing unusual', 'no other rule applies'),
      info('degraded', 'AWS network', 'health indicator degraded'),
      info('quiet', 'nothing unusual', 'no other rule applies'),
      {
        expr: 'count(monitor:aws_nfm_verdict:info{monitor="no queries", verdict="unknown: no data"})',
        eval_time: '3m',
        exp_samples: [{ labels: '{}', value: 4 }],
      },
    ],
    '1m',
    FILES,
  );
});
