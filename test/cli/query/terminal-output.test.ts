import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../../src/cli/query/query-view.ts';
import { contributorTable, datapointTable } from '../../../src/cli/query/results-table.ts';
import { printable, printableJson } from '../../../src/lib/text.ts';
import { humanValue } from '../../../src/results/human-values.ts';
import { readDataPage, readRowPage } from '../../../src/results/results.ts';
import { unitConversion } from '../../../src/results/units.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const anyText = fc.string({ unit: anyCharacter });

describe('foreign texts', () => {
  it('converts foreign texts to printable ASCII', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).toMatch(/^[ -~]*$/);
      }),
    );
  });

  it.for([
    ['use1-az1', 'use1-az1'],
    ['\u001b[2J\u0007', '\\x1b[2J\\x07'],
    ['a\nb\u009b31m', 'a\\x0ab\\x9b31m'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['😀', '\\u{1f600}'],
    ['\ud800', '\\u{d800}'],
  ] as const)('shows %j as %s', ([text, shown]) => {
    expect(printable(text)).toBe(shown);
  });

  it('escapes unsafe characters in JSON without changing its value', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = printableJson(JSON.stringify({ text }));
        expect(JSON.parse(json)).toEqual({ text });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        expect(json).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069]/);
      }),
    );
  });
});

describe('values for people', () => {
  it.for([
    [0, 'seconds', '0 µs'],
    [0.000_000_4, 'seconds', '0.4 µs'],
    [0.000_903, 'seconds', '903 µs'],
    [0.000_999_9, 'seconds', '1 ms'],
    [0.012_34, 'seconds', '12.3 ms'],
    [1.5, 'seconds', '1.5 s'],
    [0, 'bytes', '0 B'],
    [999, 'bytes', '999 B'],
    [999.9, 'bytes', '1 kB'],
    [1_500, 'bytes', '1.5 kB'],
    [81_234_567_890, 'bytes', '81.2 GB'],
    [4.2e18, 'bytes', '4,200 PB'],
    [1_234_567, 'count', '1,234,567'],
    [12, undefined, '12'],
  ] as const)('shows %d %s as %s', ([value, unit, shown]) => {
    expect(humanValue(value, unit)).toBe(shown);
  });
});

const MICROSECONDS = unitConversion('ROUND_TRIP_TIME', 'Microseconds', 'MICROSECONDS');
const VALUES = { unit: MICROSECONDS.baseUnit, toBase: MICROSECONDS.toBase };

function table(rows: readonly unknown[], width?: number): readonly string[] {
  return contributorTable(readRowPage({ topContributors: rows }), VALUES, width).lines;
}

describe('the table of contributors', () => {
  it('shows the largest value first, common values separately, and no empty columns', () => {
    const common = { localRegion: 'eu-west-1', localSubnetId: '' };
    expect(
      table([
        { ...common, localIp: '10.0.0.1', remoteIp: '10.0.0.9', targetPort: 443, value: 250 },
        { ...common, localIp: '10.0.0.2', remoteIp: '10.0.0.8', targetPort: 8080 },
        { ...common, localIp: '10.0.0.3', remoteIp: '', targetPort: 0, value: 1_250_000 },
      ]),
    ).toEqual([
      'Same for all rows:',
      '  local_region=eu-west-1',
      '',
      ' value  local_ip  remote_ip  target_port',
      '1.25 s  10.0.0.3                  mirror',
      '250 µs  10.0.0.1  10.0.0.9           443',
      '     -  10.0.0.2  10.0.0.8          8080',
    ]);
  });

  it('omits the least important columns on a narrow terminal', () => {
    const rows = [1, 2].map((n) => ({
      localIp: `10.0.0.${n}`,
      remoteIp: `10.0.1.${n}`,
      localSubnetId: `subnet-${n}`,
      value: n,
    }));
    expect(table(rows, 40)[0]).toBe('value  local_ip  remote_ip');
    expect(table(rows, 60)[0]).toBe('value  local_ip  local_subnet_id  remote_ip');
    expect(contributorTable(readRowPage({ topContributors: rows }), VALUES, 40).omitted).toEqual(['local_subnet_id']);
  });

  it('wraps the values that are the same for all rows, and shows each in full', () => {
    const common = { localVpcId: `vpc-${'0'.repeat(80)}`, remoteRegion: 'eu-west-1', localRegion: 'eu-central-1' };
    const lines = table(
      [1, 2].map((value) => ({ ...common, localIp: `10.0.0.${value}`, value })),
      60,
    );
    const lifted = lines.slice(0, lines.indexOf(''));
    expect(lifted[0]).toBe('Same for all rows:');
    expect(lifted.slice(1).every((line) => /^ {2}\S/.test(line))).toBe(true);
    const text = lifted
      .slice(1)
      .map((line) => line.trim())
      .join('');
    for (const value of Object.values(common)) {
      expect(text).toContain(value);
    }
  });

  it('keeps the width and escapes hostile rows', () => {
    const row = fc.record({ localIp: anyText, localPodName: anyText, remoteIp: anyText, value: fc.nat() });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 120 }), (rows, width) => {
        for (const line of table(rows, width)) {
          expect(line.length).toBeLessThanOrEqual(width);
          expect(line).toMatch(/^[ -~µ…]*$/);
        }
      }),
    );
  });
});

it('the table of data points adds items of one label and has the largest sum first', () => {
  const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
  const results = readDataPage({
    datapoints: [
      { label: 'small', timestamps: [at(5), at(0)], values: [2, 1] },
      { label: 'large', timestamps: [at(0)], values: [10] },
      { label: 'large', timestamps: [at(0), at(5)], values: [5, 1] },
      { label: 'empty', timestamps: [], values: [] },
    ],
  });
  expect(datapointTable(results, { unit: 'count', toBase: (value) => value }, undefined).lines).toEqual([
    'total  newest  largest  points  series',
    '   16       1       15       2  large',
    '    3       2        2       2  small',
    '    0       -        -       0  empty',
  ]);
});

describe('progress', () => {
  function progressOn(isTerminal: boolean, columns?: number) {
    const clock = new FakeClock();
    let written = '';
    const stream = {
      write(text: string) {
        written += text;
      },
      isTerminal,
      columns: () => columns,
    };
    const progress = new Progress(stream, clock);
    const take = () => {
      const text = written;
      written = '';
      return text;
    };
    return { clock, progress, take };
  }

  it('prints a line for each change, and one every 30 s, without a terminal', async () => {
    const { clock, progress, take } = progressOn(false);
    progress.print('query \u001b[1m');
    progress.show('QUEUED');
    progress.show('QUEUED');
    await clock.advance(65_000);
    progress.show('RUNNING');
    progress.end();
    await clock.advance(65_000);
    expect(take()).toBe('query \\x1b[1m\nQUEUED (0s)\nQUEUED (30s)\nQUEUED (1m)\nRUNNING (1m5s)\n');
  });

  it('shows one changing line on a terminal, and removes it at the end', async () => {
    const { clock, progress, take } = progressOn(true);
    progress.show('RUNNING');
    expect(take()).toBe('\r\u001b[2K⠋ RUNNING (0s)');
    await clock.advance(100);
    expect(take()).toBe('\r\u001b[2K⠙ RUNNING (0s)');
    await clock.advance(1_900);
    expect(take()).toMatch(/RUNNING \(2s\)$/);
    progress.print('stopped');
    expect(take().replaceAll('\r\u001b[2K', '|')).toMatch(/^\|stopped\n\|. RUNNING \(2s\)$/);
    progress.end();
    expect(take()).toBe('\r\u001b[2K');
    await clock.advance(10_000);
    expect(take()).toBe('');
  });

  it('never uses the last column of a terminal', () => {
    const { progress, take } = progressOn(true, 20);
    progress.show('waiting for the first status');
    expect(take()).toBe('\r\u001b[2K⠋ waiting for the …');
    progress.end();
  });
});
