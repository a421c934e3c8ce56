import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidResponse } from '../../src/aws/errors.ts';
import { ROW_LABELS } from '../../src/model/vocabulary.ts';
import { joinDataPages, joinRowPages, readDataPage, readRowPage } from '../../src/results/results.ts';

const FULL_ROW = {
  localIp: '10.0.0.1',
  snatIp: '10.0.0.2',
  localInstanceId: 'i-0a',
  localVpcId: 'vpc-0a',
  localRegion: 'us-east-1',
  localAz: 'use1-az1',
  localSubnetId: 'subnet-0a',
  targetPort: 443,
  destinationCategory: 'INTER_AZ',
  remoteVpcId: 'vpc-0b',
  remoteRegion: 'us-west-2',
  remoteAz: 'usw2-az1',
  remoteSubnetId: 'subnet-0b',
  remoteInstanceId: 'i-0b',
  remoteIp: '10.0.1.1',
  dnatIp: '10.0.1.2',
  value: 12,
  traversedConstructs: [{ componentId: 'eni-0a' }],
  kubernetesMetadata: {
    localServiceName: 'cart',
    localPodName: 'cart-1',
    localPodNamespace: 'shop',
    remoteServiceName: 'ledger',
    remotePodName: 'ledger-1',
    remotePodNamespace: 'payments',
  },
  localInstanceArn: 'arn:aws:ec2:us-east-1:111122223333:instance/i-0a',
};

const WORKLOAD_ROW = { accountId: '111122223333', localAz: 'use1-az1', remoteIdentifier: 'S3', value: 7 };

function rowOf(row: object) {
  return readRowPage({ topContributors: [row] }).rows[0];
}

describe('readRowPage', () => {
  it('sets each label to the field of its name', () => {
    expect(rowOf(FULL_ROW)?.labels).toEqual({
      local_ip: '10.0.0.1',
      snat_ip: '10.0.0.2',
      local_instance_id: 'i-0a',
      local_vpc_id: 'vpc-0a',
      local_region: 'us-east-1',
      local_az: 'use1-az1',
      local_subnet_id: 'subnet-0a',
      target_port: '443',
      remote_vpc_id: 'vpc-0b',
      remote_region: 'us-west-2',
      remote_az: 'usw2-az1',
      remote_subnet_id: 'subnet-0b',
      remote_instance_id: 'i-0b',
      remote_ip: '10.0.1.1',
      dnat_ip: '10.0.1.2',
      local_service_name: 'cart',
      local_pod_name: 'cart-1',
      local_pod_namespace: 'shop',
      remote_service_name: 'ledger',
      remote_pod_name: 'ledger-1',
      remote_pod_namespace: 'payments',
    });
    expect(rowOf(WORKLOAD_ROW)?.labels).toEqual({
      account_id: '111122223333',
      local_az: 'use1-az1',
      remote_identifier: 'S3',
    });
    const given = [FULL_ROW, WORKLOAD_ROW].flatMap((row) => Object.keys(rowOf(row)?.labels ?? {}));
    expect(new Set(given)).toEqual(new Set(ROW_LABELS));
  });

  it('keeps all fields unchanged', () => {
    expect(rowOf(FULL_ROW)?.raw).toEqual(FULL_ROW);
  });

  it.each(['', null, undefined])('treats %j as absent, in any member', (nothing) => {
    const silent = Object.fromEntries(Object.keys(FULL_ROW).map((field) => [field, nothing]));
    const metadata = Object.fromEntries(Object.keys(FULL_ROW.kubernetesMetadata).map((field) => [field, nothing]));
    for (const row of [silent, { ...silent, kubernetesMetadata: metadata }, {}]) {
      expect(rowOf(row)).toMatchObject({ labels: {}, value: undefined, mirror: false });
    }
    expect(readRowPage({ unit: nothing, topContributors: nothing, nextToken: nothing })).toEqual({
      unit: undefined,
      rows: [],
      nextToken: undefined,
    });
    expect(readRowPage({ topContributors: [nothing, WORKLOAD_ROW] }).rows).toHaveLength(1);
  });

  it('reads the unit and the next token unchanged', () => {
    expect(readRowPage({ unit: 'KiloBytes', topContributors: [], nextToken: 'abc' })).toEqual({
      unit: 'KiloBytes',
      rows: [],
      nextToken: 'abc',
    });
  });

  it.each([
    [0, true],
    [-0, true],
    [1, false],
    [65_535, false],
    [null, false],
    ['', false],
  ])('treats a row with target port %j as a mirror row: %j', (targetPort, mirror) => {
    expect(rowOf({ targetPort })?.mirror).toBe(mirror);
  });

  it('labels a mirror row with port 0', () => {
    expect(rowOf({ targetPort: -0 })?.labels).toEqual({ target_port: '0' });
  });

  it.each([0, 1.5, 2 ** 53, 1e300])('reads the value %d', (value) => {
    expect(rowOf({ value })?.value).toBe(value);
  });

  it.each([
    ['response to be an object, got "text"', 'text'],
    ['response to be an object, got null', null],
    ['response to be an object, got []', []],
    ['unit to be text, got 3', { unit: 3 }],
    ['nextToken to be text, got {}', { nextToken: {} }],
    ['topContributors to be a list, got {}', { topContributors: {} }],
    ['topContributors[1] to be an object, got 7', { topContributors: [{}, 7] }],
    ['topContributors[0] to be an object, got [1]', { topContributors: [[1]] }],
    ['topContributors[0].localAz to be text, got 1', { topContributors: [{ localAz: 1 }] }],
    ['topContributors[0].accountId to be text, got 12', { topContributors: [{ accountId: 12 }] }],
    ['topContributors[0].dnatIp to be text, got false', { topContributors: [{ dnatIp: false }] }],
    ['topContributors[0].targetPort to be an integer, got "443"', { topContributors: [{ targetPort: '443' }] }],
    ['topContributors[0].targetPort to be an integer, got 4.5', { topContributors: [{ targetPort: 4.5 }] }],
    [
      'topContributors[3].value to be a finite number of at least 0, got "12"',
      { topContributors: [{}, {}, {}, { value: '12' }] },
    ],
    [
      'topContributors[0].value to be a finite number of at least 0, got NaN',
      { topContributors: [{ value: Number.NaN }] },
    ],
    [
      'topContributors[0].value to be a finite number of at least 0, got Infinity',
      { topContributors: [{ value: Number.POSITIVE_INFINITY }] },
    ],
    ['topContributors[0].value to be a finite number of at least 0, got -1', { topContributors: [{ value: -1 }] }],
    [
      'topContributors[0].kubernetesMetadata to be an object, got "shop"',
      { topContributors: [{ kubernetesMetadata: 'shop' }] },
    ],
    [
      'topContributors[0].kubernetesMetadata.localPodName to be text, got 1',
      { topContributors: [{ kubernetesMetadata: { localPodName: 1 } }] },
    ],
  ])('rejects values that the model does not allow: expected %s', (message, output) => {
    expect(() => readRowPage(output)).toThrow(new InvalidResponse(`expected ${message}`));
  });

  it('truncates a long value in the message', () => {
    expect(() => readRowPage({ unit: ['x'.repeat(10_000)] })).toThrow(/^.{1,120}…$/);
  });
});

const AT = new Date('2026-01-01T19:00:00Z');
const LATER = new Date('2026-01-01T19:05:00Z');

describe('readDataPage', () => {
  it('pairs times and values', () => {
    const datapoints = [
      { label: 'use1-az1', timestamps: [AT, LATER], values: [1.5, 0] },
      { label: 'use1-az2', timestamps: [], values: [] },
    ];
    expect(readDataPage({ unit: 'Bytes', datapoints, nextToken: 'abc' })).toEqual({
      unit: 'Bytes',
      datapoints: [
        {
          label: 'use1-az1',
          points: [
            { at: AT.getTime(), value: 1.5 },
            { at: LATER.getTime(), value: 0 },
          ],
        },
        { label: 'use1-az2', points: [] },
      ],
      nextToken: 'abc',
    });
  });

  it.each(['', null, undefined])('treats %j as absent, in any member', (nothing) => {
    expect(readDataPage({ unit: nothing, datapoints: nothing, nextToken: nothing })).toEqual({
      unit: undefined,
      datapoints: [],
      nextToken: undefined,
    });
    const datapoints = [
      nothing,
      { label: nothing, timestamps: nothing, values: nothing },
      { label: 'a', timestamps: [AT, nothing, LATER], values: [nothing, 2, 3] },
    ];
    expect(readDataPage({ datapoints }).datapoints).toEqual([
      { label: '', points: [] },
      { label: 'a', points: [{ at: LATER.getTime(), value: 3 }] },
    ]);
  });

  it.each([
    ['response to be an object, got 1', 1],
    ['datapoints to be a list, got {}', { datapoints: {} }],
    ['datapoints[0] to be an object, got "a"', { datapoints: ['a'] }],
    ['datapoints[0].label to be text, got 1', { datapoints: [{ label: 1 }] }],
    ['datapoints[0].timestamps to be a list, got {}', { datapoints: [{ timestamps: {} }] }],
    ['datapoints[0].values to be a list, got 3', { datapoints: [{ values: 3 }] }],
    ['as many datapoints[0].values as timestamps (1), got 0', { datapoints: [{ timestamps: [AT] }] }],
    [
      'datapoints[0].timestamps[0] to be a time, got "yesterday"',
      { datapoints: [{ timestamps: ['yesterday'], values: [1] }] },
    ],
    [
      'datapoints[0].timestamps[0] to be a time, got null',
      { datapoints: [{ timestamps: [new Date(Number.NaN)], values: [1] }] },
    ],
    [
      'datapoints[1].values[1] to be a finite number of at least 0, got "2"',
      { datapoints: [{}, { timestamps: [AT, LATER], values: [1, '2'] }] },
    ],
  ])('rejects values that the model does not allow: expected %s', (message, output) => {
    expect(() => readDataPage(output)).toThrow(new InvalidResponse(`expected ${message}`));
  });
});

describe('pages of one result', () => {
  const page = (unit: string | undefined, ...values: number[]) =>
    readRowPage({ unit, topContributors: values.map((value) => ({ value })) });

  it('are joined in their order', () => {
    const { rows } = joinRowPages([page('Bytes', 1, 2), page('Bytes'), page('Bytes', 3)]);
    expect(rows.map(({ value }) => value)).toEqual([1, 2, 3]);
    const data = ['a', 'b'].map((label) => readDataPage({ unit: 'Count', datapoints: [{ label }] }));
    expect(joinDataPages(data)).toEqual({
      unit: 'Count',
      datapoints: [
        { label: 'a', points: [] },
        { label: 'b', points: [] },
      ],
    });
  });

  it.each([
    [['Bytes', 'bytes'], 'Bytes'],
    [[undefined, 'Count'], 'Count'],
    [[undefined], undefined],
    [[], undefined],
  ])('of units %j have the unit %j', (units, unit) => {
    expect(joinRowPages(units.map((each) => page(each))).unit).toBe(unit);
    expect(joinDataPages(units.map((each) => readDataPage({ unit: each }))).unit).toBe(unit);
  });

  it('count once if rows repeat, in any order and number', () => {
    const rows = (pages: readonly (readonly number[])[]) =>
      joinRowPages(pages.map((values) => page('Bytes', ...values))).rows.map(({ value }) => value);
    expect(rows([[3, 2], [3, 2], [1]])).toEqual([3, 2, 1]);
    expect(rows([[3, 2], [2, 3], [3]])).toEqual([3, 2]);
    expect(rows([[3, 2], [2, 1], []])).toEqual([3, 2, 1]);
    // Rows on one page that are equal in all members.
    expect(rows([[2, 2]])).toEqual([2, 2]);
    expect(rows([[2, 2], [2, 2, 2], [2]])).toEqual([2, 2, 2]);
    const data = ['a', 'a', 'b', 'a'].map((label) => readDataPage({ unit: 'Count', datapoints: [{ label }] }));
    expect(joinDataPages(data).datapoints.map(({ label }) => label)).toEqual(['a', 'b']);
  });

  it('are rejected if their units differ', () => {
    const message = 'expected unit to be "Bytes" on every page, got "Bits"';
    expect(() => joinRowPages([page('Bytes'), page(undefined), page('Bits')])).toThrow(new InvalidResponse(message));
    const data = ['Bytes', 'Bits'].map((unit) => readDataPage({ unit }));
    expect(() => joinDataPages(data)).toThrow(new InvalidResponse(message));
  });
});

it('reads any response or rejects it as invalid', () => {
  const fields = [...Object.keys(FULL_ROW), 'label', 'timestamps', 'values', 'accountId'];
  const anything = fc.anything({ withDate: true, maxDepth: 3 });
  const item = fc.oneof(anything, fc.dictionary(fc.constantFrom(...fields), anything));
  const output = fc.oneof(
    anything,
    fc.record(
      { unit: anything, topContributors: fc.array(item), datapoints: fc.array(item), nextToken: anything },
      { requiredKeys: [] },
    ),
  );
  let refused = 0;
  let read = 0;
  fc.assert(
    fc.property(output, (answer) => {
      for (const page of [readRowPage, readDataPage]) {
        try {
          page(answer);
          read += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidResponse);
          refused += 1;
        }
      }
    }),
    { numRuns: 500 },
  );
  expect(Math.min(read, refused)).toBeGreaterThan(50);
});
