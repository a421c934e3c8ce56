import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { negotiateFormat, parseAcceptHeader, wantsGzip } from '../../src/http/scrape/exposition-negotiation.ts';

describe('negotiateFormat', () => {
  const prometheus2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  const protobufFirst =
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2';

  test.each([
    ['Prometheus 2', prometheus2, 'openmetrics'],
    ['Prometheus 3', prometheus3, 'openmetrics'],
    ['Prometheus set to prefer the text format', protobufFirst, 'text'],
    ['OpenMetrics alone', 'application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
    ['OpenMetrics of any version', 'application/openmetrics-text', 'openmetrics'],
    ['upper case and a quoted version', 'Application/OpenMetrics-Text; Version="1.0.0"; Q=1.0', 'openmetrics'],
    ['an older OpenMetrics alone', 'application/openmetrics-text;version=0.0.1', 'text'],
    ['a later OpenMetrics alone', 'application/openmetrics-text;version=2.0.0', 'text'],
    [
      'OpenMetrics before another text format than ours',
      'application/openmetrics-text;q=0.1,text/plain;version=1.0.0',
      'openmetrics',
    ],
    ['OpenMetrics with weight 0', 'application/openmetrics-text;q=0,*/*', 'text'],
    [
      'only version 1.0.0 with weight 0',
      'application/openmetrics-text;version=1.0.0;q=0,application/openmetrics-text',
      'text',
    ],
    ['a lower weight', 'application/openmetrics-text;q=0.4,text/plain;q=0.5', 'text'],
    ['a higher weight', 'text/plain;q=0.5,application/openmetrics-text;q=0.501', 'openmetrics'],
    ['a weight below that of text/*', 'application/openmetrics-text;q=0.4,text/*;q=0.5', 'text'],
    ['a weight below that of */*', 'application/openmetrics-text;q=0.4,*/*;q=0.5', 'text'],
    ['equal weights, OpenMetrics first', 'application/openmetrics-text,text/plain', 'openmetrics'],
    ['equal weights, text first', 'text/plain,application/openmetrics-text', 'text'],
    ['equal weights, text by wildcard only', '*/*,application/openmetrics-text', 'openmetrics'],
    [
      'an exact range that outranks its wildcard',
      'text/plain;q=0.2,text/*;q=0.9,application/openmetrics-text;q=0.5',
      'openmetrics',
    ],
    [
      'a parameter with a comma, a semicolon and an escape',
      'text/plain;x="a,b;q=\\"";q=0.1,application/openmetrics-text',
      'openmetrics',
    ],
    ['empty elements', ', ,application/openmetrics-text;q=0.9 ,,', 'openmetrics'],
    ['anything', '*/*', 'text'],
    ['a wildcard of the type', 'application/*', 'text'],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
    ['only what we do not have', 'image/png', 'text'],
    ['no header', undefined, 'text'],
    ['an empty header', '', 'text'],
    ['an unreadable weight', 'application/openmetrics-text;q=high', 'text'],
    ['a weight over one', 'application/openmetrics-text;q=1.5', 'text'],
    ['garbage', '(?)', 'text'],
    ['garbage after a good element', 'application/openmetrics-text, "', 'text'],
    ['an open quote', 'application/openmetrics-text;version="1.0.0', 'text'],
  ])('%s', (_case, accept, format) => {
    expect(negotiateFormat(accept)).toBe(format);
  });

  test('never returns OpenMetrics to a client that did not name it', () => {
    const ranges = fc.constantFrom(
      '*/*',
      'text/plain',
      'text/*',
      'application/*',
      'application/json',
      ';',
      ',',
      '"',
      ' ',
      'q=',
      '0',
      '1',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(ranges).map((parts) => parts.join(';')),
        ),
        (accept) => {
          fc.pre(!accept.toLowerCase().includes('openmetrics'));
          expect(negotiateFormat(accept)).toBe('text');
        },
      ),
    );
  });
});

describe('wantsGzip', () => {
  test.each([
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['br, gzip;q=0.5', true],
    ['gzip, deflate, br, zstd', true],
    ['*', true],
    ['identity;q=0.5, gzip', true],
    ['gzip;q=0.5, identity;q=0.5', true],
    ['identity;q=0, *', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000, *', false],
    ['*;q=0', false],
    ['identity', false],
    ['gzip;q=0.5, identity', false],
    ['gzip;q=0.5, *', false],
    ['br', false],
    ['', false],
    ['gzip;q=yes', false],
    [undefined, false],
  ])('%s: %s', (acceptEncoding, gzip) => {
    expect(wantsGzip(acceptEncoding)).toBe(gzip);
  });
});

describe('parseAcceptHeader', () => {
  const token = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,8}$/);
  const quotable = fc.stringMatching(/^[ -~]{0,8}$/);
  const element = fc.record({
    value: fc.oneof(
      token,
      fc.tuple(token, token).map(([type, subtype]) => `${type}/${subtype}`),
    ),
    parameters: fc.uniqueArray(
      fc.tuple(
        token.filter((name) => name !== 'q'),
        quotable,
      ),
      { selector: ([name]) => name },
    ),
    thousandths: fc.integer({ min: 0, max: 1000 }),
  });

  test('reads any values, with the weight at any position', () => {
    fc.assert(
      fc.property(
        fc.array(element),
        fc.constantFrom(',', ' ,\t', ', ,'),
        fc.boolean(),
        (elements, comma, weightFirst) => {
          const header = elements
            .map(({ value, parameters, thousandths }) => {
              const quoted = parameters.map(([name, text]) => `${name}="${text.replace(/["\\]/g, '\\$&')}"`);
              const weight = `q=${thousandths / 1000}`;
              return [value, ...(weightFirst ? [weight, ...quoted] : [...quoted, weight])].join(' ; ');
            })
            .join(comma);
          expect(parseAcceptHeader(header)).toEqual(
            elements.map(({ value, parameters, thousandths }) => ({
              value,
              parameters: new Map(parameters),
              q: thousandths / 1000,
            })),
          );
        },
      ),
    );
  });

  test('terminates for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        for (const { q } of parseAcceptHeader(text) ?? []) {
          expect(q).toBeGreaterThanOrEqual(0);
          expect(q).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
