import { describe, expect, it } from 'vitest';
import { readPage } from './page-grammar.ts';

const HEAD = '# HELP up Whether.\n# TYPE up gauge\n';
const COUNTER = '# HELP a_total How many.\n# TYPE a_total counter\na_total 1\n';
const OM_COUNTER = '# HELP a How many.\n# TYPE a counter\na_total 1\n';
const HISTOGRAM = '# HELP h Time.\n# TYPE h histogram\n';

/** The tests of the exposition depend on what this reader rejects. */
describe('readPage', () => {
  it.each([
    ['text', ''],
    ['text', `${HEAD}up 1\n${COUNTER}`],
    ['text', `${HEAD}up{a="\\"\\\\\\n{},="} 1e-7\n`],
    ['text', `${HISTOGRAM}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3.5\nh_count 2\n`],
    ['openmetrics', '# EOF\n'],
    ['openmetrics', `${HEAD}up 1\n${OM_COUNTER}# EOF\n`],
  ] as const)('reads %s: %j', (format, page) => {
    expect(() => readPage(Buffer.from(page), format)).not.toThrow();
  });

  it.each([
    ['a last line without its end', 'text', `${HEAD}up 1`],
    ['no end of OpenMetrics', 'openmetrics', `${HEAD}up 1\n`],
    ['more after the end', 'openmetrics', `${HEAD}up 1\n# EOF\nup 2\n`],
    ['the end of OpenMetrics in the text format', 'text', `${HEAD}up 1\n# EOF\n`],
    ['an empty line', 'text', `${HEAD}\nup 1\n`],
    ['no HELP', 'text', '# TYPE up gauge\nup 1\n'],
    ['no TYPE', 'text', '# HELP up Whether.\nup 1\n'],
    ['HELP twice', 'text', `${HEAD}${HEAD}`],
    ['a family in two pieces', 'text', `${HEAD}up 1\n${COUNTER}up{a="b"} 1\n`],
    ['a series twice', 'text', `${HEAD}up{a="1",b="2"} 1\nup{b="2",a="1"} 1\n`],
    ['a label twice', 'text', `${HEAD}up{a="1",a="2"} 1\n`],
    ['NaN', 'text', `${HEAD}up NaN\n`],
    ['a timestamp', 'text', `${HEAD}up 1 1700000000000\n`],
    ['an unescaped quote', 'text', `${HEAD}up{a="b"c"} 1\n`],
    ['an unknown escape', 'text', `${HEAD}up{a="\\t"} 1\n`],
    ['a line that a label value broke', 'text', `${HEAD}up{a="x\ny"} 1\n`],
    ['a trailing comma', 'text', `${HEAD}up{a="b",} 1\n`],
    ['empty braces', 'text', `${HEAD}up{} 1\n`],
    ['an illegal label name', 'text', `${HEAD}up{a-b="c"} 1\n`],
    ['a counter of OpenMetrics with _total in its TYPE', 'openmetrics', `${COUNTER}# EOF\n`],
    ['a counter of the text format without _total in its TYPE', 'text', OM_COUNTER],
    ['buckets that fall', 'text', `${HISTOGRAM}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 3\nh_count 1\n`],
    ['no last bucket', 'text', `${HISTOGRAM}h_bucket{le="1"} 2\nh_sum 3\nh_count 2\n`],
    ['a count that is not the last bucket', 'text', `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_sum 3\nh_count 2\n`],
  ] as const)('refuses %s', (_what, format, page) => {
    expect(() => readPage(Buffer.from(page), format)).toThrow();
  });

  it('rejects bytes that are not UTF-8', () => {
    expect(() => readPage(Buffer.concat([Buffer.from(HEAD), Buffer.of(0xed, 0xa0, 0x80, 0x0a)]), 'text')).toThrow();
  });
});
