import type { FlowGroup, FlowGroups, GroupKind } from './flow-groups.ts';

/** Where the retransmissions of a monitor come from, as docs/verdict.md describes it. */
export interface Verdict {
  readonly verdict:
    | 'AWS network'
    | 'one zone pair'
    | 'one workload'
    | 'unknown: one instance'
    | 'unknown: no data'
    | 'nothing unusual';
  /** The zones, the workload, or the instance; undefined without one. */
  readonly subject?: string;
  readonly rule: string;
}

/** What is known of a monitor. Undefined: no data. */
export interface Evidence {
  readonly degraded: boolean | undefined;
  /** Retransmissions per second, and bytes per second. */
  readonly retransmissions: FlowGroups | undefined;
  readonly bytes: FlowGroups | undefined;
}

/** The thresholds of config/rules/thresholds.yml. */
export const THRESHOLDS = {
  concentrated_share: 0.8,
  concentrated_excess: 1.5,
  concentrated_single_flow_share: 0.5,
  unusual_retransmissions_per_second: 1,
} as const;

const CAUSES: Readonly<Record<GroupKind, Pick<Verdict, 'verdict' | 'rule'>>> = {
  // The allowances of instances are known to Prometheus only.
  instance: { verdict: 'unknown: one instance', rule: 'most retransmissions at one instance' },
  zones: { verdict: 'one zone pair', rule: 'most retransmissions between two zones' },
  workload: { verdict: 'one workload', rule: 'most retransmissions at one workload' },
};

/** Returns the verdict. The first rule that applies decides; missing data never means that nothing is unusual. */
export function verdictOf({ degraded, retransmissions, bytes }: Evidence): Verdict {
  if (degraded === true) {
    return { verdict: 'AWS network', rule: 'health indicator degraded' };
  }
  if (retransmissions !== undefined && bytes !== undefined) {
    for (const kind of ['instance', 'zones', 'workload'] as const) {
      const [group] = retransmissions[kind];
      const usual = bytes[kind].find(({ name }) => name === group?.name);
      if (group !== undefined && isConcentrated(group, retransmissions.total, (usual?.value ?? 0) / bytes.total)) {
        return { ...CAUSES[kind], subject: group.name };
      }
    }
  }
  const missing = [
    ...(degraded === undefined ? ['health indicator'] : []),
    ...(retransmissions === undefined ? ['results of RETRANSMISSIONS'] : []),
    ...(bytes === undefined ? ['results of DATA_TRANSFERRED'] : []),
  ];
  return missing.length > 0
    ? { verdict: 'unknown: no data', rule: `no ${missing.join(', no ')}` }
    : { verdict: 'nothing unusual', rule: 'no other rule applies' };
}

/** Whether a group has most retransmissions: much more than its share of the bytes, in several flows, and above the floor. */
function isConcentrated({ value, largest }: FlowGroup, total: number, shareOfBytes: number): boolean {
  const share = value / total;
  return (
    value >= THRESHOLDS.unusual_retransmissions_per_second &&
    share >= THRESHOLDS.concentrated_share &&
    !(share < THRESHOLDS.concentrated_excess * shareOfBytes) &&
    largest <= THRESHOLDS.concentrated_single_flow_share * value
  );
}
