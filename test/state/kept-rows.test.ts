import { describe, expect, it } from 'vitest';
import { datapointsForJson, rowsForJson } from '../../src/results/kept-rows.ts';
import { rowsFrom } from './result-rows.ts';

const MIB = 1024 * 1024;
const CUT = /^x{1013}…[0-9a-f]{8}$/;

describe('rowsForJson', () => {
  it('truncates long texts at any depth and keeps everything else', () => {
    const long = 'x'.repeat(5_000);
    const item = {
      localIp: long,
      targetPort: 443,
      value: 1,
      more: [{ deep: long, short: 'a', none: null, yes: true }],
    };
    const [row] = rowsForJson(rowsFrom([item]));
    const cut = expect.stringMatching(CUT);
    expect(row?.raw).toEqual({ ...item, localIp: cut, more: [{ ...item.more[0], deep: cut }] });
  });

  it('keeps 4 MiB of the rows with the highest values in their original order', () => {
    // 200 texts of 1,000 bytes each: a row has 200 KB.
    const more = Array.from({ length: 200 }, () => 'y'.repeat(1_000));
    const items = [3, 30, 1, 20, 2, ...Array.from({ length: 25 }, (_, i) => 100 + i)].map((value) => ({ value, more }));
    const kept = rowsForJson(rowsFrom(items));
    expect(JSON.stringify(kept.map(({ raw }) => raw)).length).toBeLessThan(4 * MIB + 100);
    expect(kept.map(({ value }) => value)).toEqual(Array.from({ length: 20 }, (_, i) => 105 + i));
  });
});

describe('datapointsForJson', () => {
  it('truncates long labels and keeps at most 4 MiB', () => {
    const points = Array.from({ length: 1_000 }, (_, at) => ({ at, value: 1 }));
    const kept = datapointsForJson(
      Array.from({ length: 100 }, (_, i) => ({ label: `${'x'.repeat(MIB)}${i}`, points })),
    );
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length).toBeLessThan(60);
    expect(kept[0]).toEqual({ label: expect.stringMatching(CUT), points });
  });
});
