import { FAMILIES } from '../../../src/metrics/families.ts';
import { nameOf } from '../needed-rules.ts';
import { notationOf, type Sample, samplesOf } from './series.ts';

/** A test of promtool, as far as it is read here. */
export interface RuleTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly AlertTest[];
}

export interface AlertTest {
  readonly eval_time: string;
  readonly alertname: string;
  readonly exp_alerts: readonly {
    readonly exp_labels: Readonly<Record<string, string>>;
    readonly exp_annotations: Readonly<Record<string, string>>;
  }[];
}

/** Alerts on a process, which has no successor for them. */
export const OF_MEMBERS: ReadonlySet<string> = new Set([
  'NfmExporterDown',
  'NfmExporterMissing',
  'NfmExporterRestarting',
  'NfmReloadFailed',
  'NfmReplicaClockOffset',
  'NfmReplicaConfigMismatch',
  'NfmReplicaStorageRolledBack',
  'NfmReplicaStorageUnreachable',
  'NfmReplicasWithoutLeader',
  'NfmShardsIncomplete',
  'NfmDiscoveryFileBad',
  'NfmDiscoveryFileEmpty',
  'NfmStorageNotWritable',
  'NfmThresholdsMissing',
]);
/** The leader of the tests, and its successor. */
const LEADER = 'a:10049';
const SUCCESSOR = 'successor:10049';

const COUNTERS = new Set(FAMILIES.filter(({ type }) => type !== 'gauge').map(({ name }) => name));
const BUCKET = /_(bucket|count|sum)$/;

/**
 * Returns the test with a takeover: the leader is killed at a step, and its successor exports one step later. Gauges continue,
 * but the successor registers the queries again, and does not know earlier successes. Counters start at 0. Expected alerts are the same, without an instance, and without descriptions, whose values differ a little.
 */
export function withTakeover(test: RuleTest, step: number): RuleTest {
  const steps = Math.max(...test.input_series.map(({ values }) => samplesOf(values).length));
  const member = (name: string, instance: string, labels: string, values: readonly Sample[]) => ({
    series: `aws_nfm_replica_${name}{job="network-flow-monitor", instance="${instance}"${labels}}`,
    values: notationOf(values),
  });
  const led = [...times(step, 1), 'stale' as const];
  const waited = times(step + 1, 0);
  return {
    ...test,
    name: `${test.name}; the leader is killed at step ${step}`,
    input_series: [
      ...test.input_series.flatMap((input) => divided(input, step, (step + 1) * seconds(test.interval))),
      member('epoch', LEADER, '', led),
      member('leader', LEADER, '', led),
      member('member_info', LEADER, ', group="default"', led),
      member('epoch', SUCCESSOR, '', [...waited, ...times(steps - step, 2)]),
      member('leader', SUCCESSOR, '', [...waited, ...times(steps - step, 1)]),
      member('member_info', SUCCESSOR, ', group="default"', times(steps + 1, 1)),
    ],
    alert_rule_test: (test.alert_rule_test ?? []).map((expected) => ({
      ...expected,
      exp_alerts: expected.exp_alerts.map(withoutInstance),
    })),
  };
}

/** @param from time of the successor's first sample, in seconds */
function divided(
  { series, values }: RuleTest['input_series'][number],
  step: number,
  from: number,
): RuleTest['input_series'] {
  const renamed = series.replace(/job="network-flow-monitor", instance="([^"]+)"/, (_, instance: string) => {
    return `job="${jobOf(instance)}", instance="${instance}"`;
  });
  const name = nameOf(series);
  if (series.includes(`instance="${LEADER}"`) && name === 'up') {
    return [
      { series, values: notationOf(samplesOf(values).map((sample, index) => (index < step ? sample : 0))) },
      { series: series.replace(LEADER, SUCCESSOR), values },
    ];
  }
  if (!series.includes(`instance="${LEADER}"`) || !name.startsWith('aws_nfm_')) {
    return [{ series: renamed, values }];
  }
  const samples = samplesOf(values);
  const before = samples.slice(0, step);
  const after = samples.slice(step + 1);
  const isCounter = COUNTERS.has(name) || COUNTERS.has(name.replace(BUCKET, ''));
  const start = isCounter ? (before.findLast((sample) => typeof sample === 'number') ?? 0) : 0;
  return [
    { series, values: notationOf([...before, 'stale']) },
    ...(after.length === 0
      ? []
      : [
          {
            series: series.replace(LEADER, SUCCESSOR),
            values: notationOf([
              ...times<Sample>(step + 1, '_'),
              ...after.map((sample) => successors(name, since(sample, start), from)),
            ]),
          },
        ]),
  ];
}

/** The successor's sample of a family. */
function successors(name: string, sample: Sample, from: number): Sample {
  if (typeof sample !== 'number') {
    return sample;
  }
  if (name === 'aws_nfm_query_registered_timestamp_seconds') {
    return Math.max(sample, from);
  }
  return name === 'aws_nfm_query_last_success_timestamp_seconds' && sample < from ? '_' : sample;
}

/** A counter that was reset before the takeover continues from its own value. */
function since(sample: Sample, start: Sample): Sample {
  return typeof sample === 'number' && typeof start === 'number' && sample >= start ? sample - start : sample;
}

function withoutInstance({
  exp_labels,
  exp_annotations,
}: AlertTest['exp_alerts'][number]): AlertTest['exp_alerts'][number] {
  const { instance, ...labels } = exp_labels;
  const { description: _, ...annotations } = exp_annotations;
  const job = instance === undefined ? labels['job'] : jobOf(instance);
  const text = (annotation: string) => annotation.replaceAll(instance ?? LEADER, job ?? '');
  return {
    exp_labels: job === undefined ? labels : { ...labels, job },
    exp_annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, text(value)])),
  };
}

/** Returns a duration of Prometheus in seconds. */
export function seconds(duration: string): number {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
  return [...duration.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  );
}

function times<Value extends Sample>(length: number, value: Value): Value[] {
  return Array.from({ length }, () => value);
}

/** Exporters that are not replicas of each other have a job each. */
function jobOf(instance: string): string {
  return instance === LEADER ? 'network-flow-monitor' : `exporter-${instance}`;
}
