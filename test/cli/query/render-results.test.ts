import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderResults } from '../../../src/cli/query/render-results.ts';
import { escapeControls } from '../../../src/lib/text.ts';
import { ROW_LABELS } from '../../../src/model/vocabulary.ts';
import { delimitedLine, plainNumber } from '../../../src/results/delimited.ts';
import { readDataPage, readRowPage } from '../../../src/results/results.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { finishedQuery } from './finished-query.ts';

function rowsOf(...rows: readonly Readonly<Record<string, unknown>>[]) {
  return readRowPage({ unit: 'Microseconds', topContributors: rows });
}

const ONLY = { columns: undefined, place: 'only' } as const;

/** Reads CSV as RFC 4180 defines it, with LF. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let rest = text;
  while (rest !== '') {
    const cells: string[] = [];
    for (let end = ','; end === ','; ) {
      const [all = '', quoted, plain = ''] = /^(?:"((?:[^"]|"")*)"|([^",\n]*))(?=[,\n])/.exec(rest) ?? [];
      cells.push(quoted?.replaceAll('""', '"') ?? plain);
      end = rest[all.length] ?? '';
      rest = rest.slice(all.length + 1);
    }
    lines.push(cells);
  }
  return lines;
}

const anyText = fc.string({ unit: anyCharacter });
const cells = fc.array(fc.oneof(anyText, fc.stringMatching(/^[=+\-@"', a]{0,4}$/)), { minLength: 1 });
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;

describe('delimited lines', () => {
  it('are read back by a CSV reader, one line per row, with escaped controls and formulas', () => {
    fc.assert(
      fc.property(cells, (texts) => {
        const line = delimitedLine(texts, 'csv');
        expect(line).not.toMatch(CONTROLS);
        const read = parseCsv(line);
        expect(read).toHaveLength(1);
        const [back = []] = read;
        expect(back).toHaveLength(texts.length);
        for (const [i, cell] of back.entries()) {
          expect(cell).not.toMatch(/^[=+\-@\t\r]/);
          const text = escapeControls(texts[i] ?? '');
          expect(cell).toBe(/^[=+\-@]/.test(text) ? `'${text}` : text);
        }
      }),
    );
  });

  it('have as many cells in TSV, and one line per row', () => {
    fc.assert(
      fc.property(cells, (texts) => {
        const line = delimitedLine(texts, 'tsv');
        expect(line).not.toMatch(CONTROLS);
        expect(line.split('\n')).toHaveLength(2);
        expect(line.slice(0, -1).split('\t')).toHaveLength(texts.length);
      }),
    );
  });

  it.for([
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    [' a', '" a"'],
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['@x', "'@x"],
    ['a\nb', 'a\\u000ab'],
    ['日本', '日本'],
  ] as const)('write %j in CSV as %s', ([text, csv]) => {
    expect(delimitedLine([text], 'csv')).toBe(`${csv}\n`);
  });

  it('have numbers without an exponent, with all digits', () => {
    expect([0, 4e-7, 1.25e-9, 1.5, 1e21, 1.25e23].map(plainNumber)).toEqual([
      '0',
      '0.0000004',
      '0.00000000125',
      '1.5',
      `1${'0'.repeat(21)}`,
      `125${'0'.repeat(21)}`,
    ]);
    fc.assert(
      fc.property(fc.double({ min: 0, noDefaultInfinity: true, noNaN: true }), (value) => {
        expect(plainNumber(value)).toMatch(/^\d+(\.\d+)?$/);
        expect(Number(plainNumber(value))).toBe(value);
      }),
    );
  });
});

describe('CSV of a query', () => {
  const rows = rowsOf(
    { localIp: '10.0.0.1', targetPort: 0, value: 1_500_000 },
    { localIp: '10.0.0.2', targetPort: 443, value: 2_500_000, kubernetesMetadata: { localPodName: '=1+1' } },
    { localIp: '10.0.0.3' },
  );

  it('has the same columns for any row, and values in the base unit', () => {
    const [titles = [], ...lines] = parseCsv(renderResults(finishedQuery(rows, { output: 'csv' }), ONLY).text);
    expect(titles).toEqual(['value', 'unit', 'metric_name', 'window_start', 'window_end', ...ROW_LABELS]);
    const read = lines.map((line) => Object.fromEntries(titles.map((title, i) => [title, line[i]])));
    const common = {
      unit: 'seconds',
      metric_name: 'ROUND_TRIP_TIME',
      window_start: '2026-01-31T23:50:00.000Z',
      window_end: '2026-02-01T00:05:00.000Z',
      remote_ip: '',
    };
    expect(read).toMatchObject([
      { ...common, value: '2.5', local_ip: '10.0.0.2', target_port: '443', local_pod_name: "'=1+1" },
      { ...common, value: '1.5', local_ip: '10.0.0.1', target_port: '0', local_pod_name: '' },
      { ...common, value: '', local_ip: '10.0.0.3', target_port: '', local_pod_name: '' },
    ]);
  });

  it('has a line per data point, added up for equal labels', () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 0, 31, 23, minute));
    const points = readDataPage({
      datapoints: [
        { label: 'a', timestamps: [at(55), at(50)], values: [2, 1] },
        { label: 'a', timestamps: [at(50)], values: [5] },
      ],
    });
    const request = { output: 'tsv', type: 'workload-insights-top-contributors-data', metricName: 'TIMEOUTS' } as const;
    const window = '2026-01-31T23:50:00.000Z\t2026-02-01T00:05:00.000Z';
    expect(renderResults(finishedQuery(points, request), ONLY).text).toBe(
      [
        'value\tunit\tmetric_name\twindow_start\twindow_end\ttime\tseries',
        `6\tcount\tTIMEOUTS\t${window}\t2026-01-31T23:50:00.000Z\ta`,
        `2\tcount\tTIMEOUTS\t${window}\t2026-01-31T23:55:00.000Z\ta`,
        '',
      ].join('\n'),
    );
  });

  it('has no mirror rows with --no-mirror, in any format', () => {
    for (const output of ['csv', 'tsv', 'json', 'table'] as const) {
      const { text, notes } = renderResults(finishedQuery(rows, { output, noMirror: true }), ONLY);
      expect(text).toContain('10.0.0.2');
      expect(text).not.toContain('10.0.0.1');
      expect(notes).toContain('2 contributors, 1 mirror row omitted');
    }
  });
});

describe('the table of a query', () => {
  it('begins with the metric, its unit, and the window', () => {
    const { text } = renderResults(finishedQuery(rowsOf({ localIp: '10.0.0.1', value: 5 })), ONLY);
    expect(text.split('\n')).toEqual([
      'Metric: ROUND_TRIP_TIME (in µs, ms, or s)',
      'Query:  monitor checkout, eu-west-1, INTER_AZ',
      'Window: 2026-01-31 23:50:00 to 2026-02-01 00:05:00 UTC',
      '',
      'value  local_ip',
      ' 5 µs  10.0.0.1',
      '',
    ]);
  });

  it('shows that there are no contributors', () => {
    const { text, notes } = renderResults(finishedQuery(rowsOf()), ONLY);
    expect(text).toMatch(/UTC\n\n\(empty\)\n$/);
    expect(notes).toContain('no contributors in this window');
  });

  const NAMES = [
    'checkout',
    '決済サービス',
    'cafe\u0301',
    'e\u0300\u0301\u0302\u0303',
    '👩‍👩‍👧',
    '\u001b[31mred',
    '\u202eabc',
  ];
  const realistic = rowsOf(
    ...NAMES.map((name, i) => ({
      localIp: `10.20.${i}.117`,
      localAz: `euw1-az${i % 3}`,
      localInstanceId: `i-0a5ad4abc0cd634f${i}`,
      localSubnetId: `subnet-0a5ad4abc0cd634f${i}`,
      localVpcId: 'vpc-0a5ad4abc0cd634fb',
      localRegion: 'eu-west-1',
      remoteIp: `10.30.${i}.118`,
      remoteAz: `euw1-az${(i + 1) % 3}`,
      remoteVpcId: 'vpc-0b5ad4abc0cd634fc',
      remoteRegion: 'eu-west-1',
      targetPort: 5432 + i,
      value: 12_345 * (i + 1),
      kubernetesMetadata: { localPodName: `${name}-7d9f8`, localPodNamespace: 'shop', remoteServiceName: name },
    })),
  );

  it.for([
    [60, ['value', 'local_ip', 'remote_ip', 'target_port', 'local_az']],
    [80, ['value', 'local_ip', 'remote_ip', 'target_port', 'local_az', 'remote_az']],
    [200, ['local_instance_id', 'local_pod_name', 'remote_service_name']],
  ] as const)('is aligned and readable in %d columns, with wide and combining characters', ([columns, titles]) => {
    const { text, notes } = renderResults(finishedQuery(realistic), { columns, place: 'only' });
    const lines = text.trimEnd().split('\n');
    for (const line of lines) {
      expect(line).toMatch(/^[ -~µ…]*$/);
      expect(line.length).toBeLessThanOrEqual(columns);
    }
    const rows = lines.slice(lines.lastIndexOf('') + 1);
    expect(rows).toHaveLength(1 + NAMES.length);
    const [head = ''] = rows;
    expect(head.trim().split(/ {2,}/)).toEqual(expect.arrayContaining([...titles]));
    // No row has a character between two columns.
    for (const { index } of head.matchAll(/ {2}(?=local_|remote_ip)/g)) {
      expect(rows.map((row) => row.slice(index, index + 2))).toEqual(rows.map(() => '  '));
    }
    for (const lifted of ['local_vpc_id=vpc-0a5ad4abc0cd634fb', 'remote_region=eu-west-1']) {
      expect(text).toContain(lifted);
    }
    expect(
      notes.some((note) => note.startsWith('no space for ')),
      notes.join('\n'),
    ).toBe(columns < 200);
  });
});
