import { describe, expect, it } from 'vitest';
import { digestOf } from '../../src/results/flow-digest.ts';
import { addGroups, dividedBy, type FlowGroups } from '../../src/results/flow-groups.ts';
import { type Evidence, THRESHOLDS, verdictOf } from '../../src/results/verdict.ts';
import { THRESHOLDS as OF_RULES, RECORDS } from '../rules/rule-files.ts';

/** A row: value, `zone instance workload` of both ends, and the port. */
type Row = readonly [value: number | null, local: string, remote: string, port?: number];

function groups(rows: readonly Row[]): FlowGroups {
  const end = (side: string, [zone, instance]: readonly string[]) => ({
    [`${side}Az`]: zone,
    [`${side}InstanceId`]: instance,
    [`${side}Ip`]: instance,
  });
  const digest = digestOf('RETRANSMISSIONS', {
    rows: rows.map(([baseValue, local, remote, targetPort = 443]) => {
      const [from, to] = [local.split(' '), remote.split(' ')];
      const [localPodNamespace, localServiceName] = from[2]?.split('/') ?? [];
      const [remotePodNamespace, remoteServiceName] = to[2]?.split('/') ?? [];
      const kubernetesMetadata = { localPodNamespace, localServiceName, remotePodNamespace, remoteServiceName };
      return { ...end('local', from), ...end('remote', to), kubernetesMetadata, baseValue, targetPort };
    }),
  });
  return digest.groups ?? { total: Number.NaN, instance: [], zones: [], workload: [] };
}

/** Small flows between all zones, instances, and workloads. */
const NOISE: readonly Row[] = [
  [0.4, 'az1 i11 shop/cart', 'az2 i14 pay/ledger'],
  [0.3, 'az2 i15 pay/audit', 'az3 i16 shop/search'],
  [0.2, 'az3 i17', 'az1 i18'],
];
const EVEN: Evidence = { degraded: false, retransmissions: groups(NOISE), bytes: groups(NOISE) };

const of = (rows: readonly Row[], more: Partial<Evidence> = {}) =>
  verdictOf({ ...EVEN, retransmissions: groups([...NOISE, ...rows]), ...more });

/** Flows between two zones, in both directions. */
const PAIR: readonly Row[] = [
  [5, 'az1 i1', 'az2 i2'],
  [5, 'az2 i3', 'az1 i4'],
  [4, 'az2 i5', 'az1 i6'],
];

describe('the verdict', () => {
  it('is the AWS network if the health indicator is degraded, whatever else is known', () => {
    expect(of(PAIR, { degraded: true }).verdict).toBe('AWS network');
    expect(verdictOf({ degraded: true, retransmissions: undefined, bytes: undefined }).verdict).toBe('AWS network');
  });

  it('is a pair of zones in both directions', () => {
    expect(of(PAIR)).toMatchObject({ verdict: 'one zone pair', subject: 'az1 – az2' });
  });

  it('is a workload at either end', () => {
    const rows: Row[] = [
      [5, 'az1 i1 shop/cart', 'az2 i2'],
      [5, 'az3 i3', 'az1 i4 shop/cart'],
      [5, 'az2 i5 shop/cart', 'az3 i6 shop/cart'],
    ];
    expect(of(rows)).toMatchObject({ verdict: 'one workload', subject: 'shop/cart' });
  });

  it('is unknown if one instance has most retransmissions: its allowances are', () => {
    const rows: Row[] = [
      [5, 'az1 i1 shop/cart', 'az2 i2'],
      [5, 'az3 i3', 'az1 i1 shop/cart'],
      [4, 'az1 i1', 'az2 i5'],
    ];
    expect(of(rows)).toMatchObject({ verdict: 'unknown: one instance', subject: 'i1' });
  });

  it.each<{ readonly name: string; readonly rows?: readonly Row[]; readonly more?: Partial<Evidence> }>([
    { name: 'flows are even' },
    { name: 'a single flow has most', rows: [[50, 'az1 i1', 'az2 i2']] },
    {
      name: 'two pairs have most',
      rows: [
        [6, 'az1 i1', 'az2 i2'],
        [6, 'az2 i3', 'az3 i4'],
      ],
    },
    {
      name: 'mirror rows have most',
      rows: [
        [5, 'az1 i1', 'az2 i2', 0],
        [5, 'az2 i3', 'az1 i4', 0],
      ],
    },
    {
      name: 'the pair has most bytes, too',
      rows: PAIR,
      more: { bytes: groups([...NOISE, [9, 'az1 i1', 'az2 i2'], [null, 'az1 i1', 'az2 i2']]) },
    },
    {
      name: 'values are below the floor',
      more: {
        retransmissions: groups([
          [0.4, 'az1 i1', 'az2 i2'],
          [0.4, 'az2 i3', 'az1 i4'],
        ]),
      },
    },
    { name: 'there are no retransmissions', more: { retransmissions: groups([]) } },
  ])('is that nothing is unusual if $name', ({ rows = [], more = {} }) => {
    expect(of(rows, more)).toEqual({ verdict: 'nothing unusual', rule: 'no other rule applies' });
  });

  it('is unknown without data, and names what is missing', () => {
    for (const name of ['degraded', 'retransmissions', 'bytes'] as const) {
      expect(verdictOf({ ...EVEN, [name]: undefined }).verdict).toBe('unknown: no data');
    }
    expect(verdictOf({ degraded: undefined, retransmissions: undefined, bytes: EVEN.bytes }).rule).toBe(
      'no health indicator, no results of RETRANSMISSIONS',
    );
  });

  it('is for several queries together, each per second of its window', () => {
    const flow = (value: number, instances: string): FlowGroups => {
      const [from, to] = instances.split(' ');
      return groups([[value, `az1 ${from}`, `az2 ${to}`]]);
    };
    const retransmissions = addGroups([
      groups(NOISE),
      dividedBy(100, flow(300, 'i1 i2')),
      dividedBy(10, flow(40, 'i3 i4')),
    ]);
    expect(retransmissions.total).toBeCloseTo(7.9);
    expect(retransmissions.zones[0]).toMatchObject({ name: 'az1 – az2', largest: 4 });
    expect(verdictOf({ ...EVEN, retransmissions })).toMatchObject({ verdict: 'nothing unusual' });
    const more = addGroups([retransmissions, flow(3, 'i5 i6')]);
    expect(verdictOf({ ...EVEN, retransmissions: more })).toMatchObject({ verdict: 'one zone pair' });
  });

  it('uses the thresholds and the words of the rules', () => {
    expect(OF_RULES).toEqual(
      expect.arrayContaining(Object.entries(THRESHOLDS).map(([name, value]) => ({ name, value: `${value}` }))),
    );
    const infos = RECORDS.filter(({ record }) => record === 'monitor:aws_nfm_verdict:info');
    const cart = [1, 2, 3].map((n): Row => [5, `az${n} i${n} shop/cart`, `az${n + 1} j${n}`]);
    for (const { verdict, rule } of [
      of([], { degraded: true }),
      of(PAIR),
      of(cart),
      of([], { degraded: undefined }),
      of([]),
    ]) {
      expect(infos.map(({ labels }) => labels)).toContainEqual({ verdict, rule });
    }
  });
});
