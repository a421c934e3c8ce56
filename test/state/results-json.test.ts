import { expect, it } from 'vitest';
import { KeptJson } from '../../src/results/kept-json.ts';
import { readDataPage, readRowPage } from '../../src/results/results.ts';
import { datapointsJson, rowsJson } from '../../src/results/results-json.ts';
import { unitConversion } from '../../src/results/units.ts';

it('returns all fields of rows with the value in the base unit', () => {
  const items = [
    { localAz: 'use1-az1', targetPort: 0, value: 3, traversedConstructs: [{ componentId: 'eni-0a' }], snatIp: '' },
    { localAz: '\ud800"\n', kubernetesMetadata: { localPodName: 'cart-1' } },
    { localAz: 'use1-az1', targetPort: 0, value: 0 },
  ];
  const results = readRowPage({ unit: 'Milliseconds', topContributors: items });
  expect(rowsJson(results, unitConversion('ROUND_TRIP_TIME', results.unit, 'SECONDS'))).toEqual({
    unit: 'Milliseconds',
    assumedUnit: null,
    baseUnit: 'seconds',
    rows: [
      { ...items[0], baseValue: 0.003 },
      { ...items[1], baseValue: null },
      { ...items[2], baseValue: 0 },
    ],
  });
});

it.each([
  [undefined, null],
  ['None', 'None'],
])('returns the assumed unit of a response with the unit %j', (unit, shown) => {
  const results = readRowPage({ unit, topContributors: [{ value: 5 }] });
  expect(rowsJson(results, unitConversion('DATA_TRANSFERRED', results.unit, 'SECONDS'))).toEqual({
    unit: shown,
    assumedUnit: 'bytes',
    baseUnit: 'bytes',
    rows: [{ value: 5, baseValue: 5 }],
  });
});

it('returns all data points without adding items of one label', () => {
  const timestamps = [new Date('2026-01-01T19:00:00Z'), new Date('2026-01-01T19:05:00Z')];
  const datapoints = [
    { label: 'use1-az1', timestamps, values: [1.5, 0] },
    { label: 'use1-az1', timestamps: timestamps.slice(1), values: [2] },
    { label: '', timestamps: [], values: [] },
  ];
  const results = readDataPage({ unit: 'Kilobytes', datapoints });
  const times = ['2026-01-01T19:00:00.000Z', '2026-01-01T19:05:00.000Z'];
  expect(datapointsJson(results, unitConversion('DATA_TRANSFERRED', results.unit, 'SECONDS'))).toEqual({
    unit: 'Kilobytes',
    assumedUnit: null,
    baseUnit: 'bytes',
    datapoints: [
      { label: 'use1-az1', timestamps: times, values: [1.5, 0], baseValues: [1_500, 0] },
      { label: 'use1-az1', timestamps: times.slice(1), values: [2], baseValues: [2_000] },
      { label: '', timestamps: [], values: [], baseValues: [] },
    ],
  });
});

it('returns compressed JSON unchanged and uses little memory', async () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({ localAz: 'use1-az1', remoteIp: `10.0.0.${i}`, value: i }));
  const kept = await KeptJson.of({ rows, hostile: '\ud800"\\\n日本' });
  expect(JSON.parse(await kept.text())).toEqual({ rows, hostile: '\ud800"\\\n日本' });
  expect(kept.size).toBeLessThan(JSON.stringify(rows).length / 5);
});

it('uses little memory for short JSON', async () => {
  expect((await KeptJson.of({ rows: [{ value: 1 }] })).size).toBeLessThan(100);
});
