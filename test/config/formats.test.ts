import { describe, expect, it } from 'vitest';
import * as formats from '../../src/config/formats.ts';
import type * as generic from '../../src/config/reading/formats.ts';
import { parseListenAddress } from '../../src/config/reading/texts.ts';

interface Case {
  readonly name: string;
  readonly format: generic.Format<unknown>;
  /** Valid values with their parsed values. */
  readonly good: readonly (readonly [unknown, unknown])[];
  readonly bad: readonly unknown[];
}

const same = (...values: readonly string[]) => values.map((value) => [value, value] as const);
const NO_TEXT = [undefined, null, true, 1, {}, [], ['a'], new Date(0), Symbol('x')];

const CASES: readonly Case[] = [
  {
    name: 'positiveInteger',
    format: formats.positiveInteger,
    good: [
      [1, 1],
      ['12', 12],
      ['1e3', 1000],
      ['5.0', 5],
      [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ],
    bad: [
      0,
      -1,
      1.5,
      Number.NaN,
      Infinity,
      2 ** 53,
      '0',
      '-1',
      '1.5',
      '12abc',
      'abc',
      '',
      ' 1',
      '1 ',
      '0x10',
      '1_0',
      '1,5',
      true,
      null,
    ],
  },
  {
    name: 'rate',
    format: formats.rate,
    good: [
      [0.5, 0.5],
      [5, 5],
      ['.5', 0.5],
      ['2.5', 2.5],
      ['1e-1', 0.1],
    ],
    bad: [0, -0.5, Number.NaN, Infinity, '0', '', '.', '1.2.3', '12abc', 'Infinity', '1e999', '-1', false, null, [1]],
  },
  {
    name: 'duration',
    format: formats.duration,
    good: [
      ['1ms', 1],
      ['1h30m', 5_400_000],
      ['1y', 31_536_000_000],
    ],
    bad: ['0', '0s', '5', '5 m', 5, '', ...NO_TEXT],
  },
  {
    name: 'timerDuration',
    format: formats.timerDuration,
    good: [['24d', 2_073_600_000]],
    bad: ['25d', '1y', '0s', 30],
  },
  {
    name: 'listenAddress',
    format: formats.listenAddress,
    good: same(':0', ':10049', ':65535', 'localhost:80', '0.0.0.0:80', '[::]:80', '[fe80::1%eth0]:80', 'a-b.c_d:1'),
    bad: [
      '',
      ':',
      '80',
      'localhost',
      ':65536',
      ':-1',
      ':8 0',
      '::1:80',
      '[localhost]:80',
      '[]:80',
      '1.2.3:80',
      '256.1.1.1:1',
      'a b:80',
      'http://a:80',
      ':80\n',
      ...NO_TEXT,
    ],
  },
  {
    name: 'telemetryPath',
    format: formats.telemetryPath,
    good: same('/metrics', '/a/b.c_d~e-f', '/-metrics', '/apis', '/...'),
    bad: [
      '',
      '/',
      'metrics',
      '/metrics/',
      '//metrics',
      '/a//b',
      '/a/../b',
      '/.',
      '/-',
      '/-/healthy',
      '/api',
      '/api/v1',
      '/a?b',
      '/a#b',
      '/a b',
      '/a:b',
      '/a*',
      '/é',
      '/%41',
      '/a\n',
      ...NO_TEXT,
    ],
  },
  {
    name: 'httpUrl',
    format: formats.httpUrl,
    good: same('http://a', 'https://a.b:8443/c', 'HTTP://[::1]:1/', 'http://127.0.0.1:4566'),
    bad: [
      '',
      'a',
      'a:80',
      '//a',
      'ftp://a',
      'file:///a',
      'http:a',
      'http:///a',
      'http://',
      'http://a b',
      ' http://a',
      'http://a\n',
      'http://u@a',
      'http://u:p@a',
      'http://a?b',
      'http://a#b',
      'http://a:99999',
      'http://a\\b',
      'javascript:alert(1)',
      ...NO_TEXT,
    ],
  },
  {
    name: 'regionalHttpUrl',
    format: formats.regionalHttpUrl,
    good: same('http://a', 'http://{region}.a/{region}', 'https://nfm.{region}.example:8443'),
    bad: ['http://{Region}.a', 'http://{}.a', 'http://{region.a', '{region}', 'http://u:{region}@a', ...NO_TEXT],
  },
  {
    name: 'region',
    format: formats.region,
    good: same('us-east-1', 'us-gov-west-1', 'eu-isoe-west-1', 'ap-southeast-7'),
    bad: [
      '',
      'us-east',
      'us-east-',
      'east-1',
      'US-EAST-1',
      'us-east-1a',
      'us_east_1',
      ' us-east-1',
      'us-east-1\n',
      '*',
      ...NO_TEXT,
    ],
  },
  {
    name: 'name',
    format: formats.name,
    good: same('a', 'A_b.c-9', 'x'.repeat(128)),
    bad: ['', 'a b', 'a:b', 'a/b', 'é', 'a\n', 'x'.repeat(129), '*', ...NO_TEXT],
  },
  {
    name: 'monitorName',
    format: formats.monitorName,
    good: same('m', 'x'.repeat(255), '...', 'a..b', '.a'),
    bad: ['', 'a b', 'x'.repeat(256), '.', '..', 'a/b', 'a?b', 'a#b', '%2e', 'a\n', '\ud800', ...NO_TEXT],
  },
  {
    name: 'roleArn',
    format: formats.roleArn,
    good: same(
      'arn:aws:iam::111122223333:role/nfm-read',
      'arn:aws-cn:iam::111122223333:role/nfm-read',
      'arn:aws-us-gov:iam::111122223333:role/a/b!~/nfm_+=,.@-read',
      'arn:aws-eusc:iam::111122223333:role/x',
      'arn:aws-iso:iam::111122223333:role/x',
      'arn:aws-iso-b:iam::111122223333:role/x',
      'arn:aws-iso-e:iam::111122223333:role/x',
      'arn:aws-iso-f:iam::111122223333:role/x',
      `arn:aws:iam::111122223333:role/${'p'.repeat(510)}/${'n'.repeat(64)}`,
    ),
    bad: [
      '',
      'nfm-read',
      'arn:aws:iam::111122223333:role/',
      'arn:aws:iam::111122223333:role/a/',
      'arn:aws:iam::111122223333:role//',
      'arn:aws:iam::11112222333:role/x',
      'arn:aws:iam::1111222233334:role/x',
      'arn:aws:iam:us-east-1:111122223333:role/x',
      'arn:aws:sts::111122223333:assumed-role/x/y',
      'arn:aws:iam::111122223333:user/x',
      'arn:aws-moon:iam::111122223333:role/x',
      'arn:aws-:iam::111122223333:role/x',
      'arn:aws:iam::111122223333:role/a b',
      'arn:aws:iam::111122223333:role/x\n',
      ' arn:aws:iam::111122223333:role/x',
      `arn:aws:iam::111122223333:role/${'n'.repeat(65)}`,
      `arn:aws:iam::111122223333:role/${'p'.repeat(511)}/${'n'.repeat(64)}`,
      ...NO_TEXT,
    ],
  },
  {
    name: 'externalId',
    format: formats.externalId,
    good: same('ab', 'A_b+=,.@:/-9', 'x'.repeat(1224)),
    bad: ['', 'a', 'a b', 'é1', 'ab\n', 'a*b', 'x'.repeat(1225), ...NO_TEXT],
  },
  {
    name: 'roleSessionName',
    format: formats.roleSessionName,
    good: same('ab', 'nfm-exporter', 'A_b+=,.@-9', 'x'.repeat(64)),
    bad: ['', 'a', 'a b', 'a/b', 'a:b', 'ab\n', 'x'.repeat(65), ...NO_TEXT],
  },
  {
    name: 'profile',
    format: formats.profile,
    good: same('base', 'a b', 'ü', 'sso/admin@1'),
    bad: ['', ' ', 'a\nb', 'a\u0000', ...NO_TEXT],
  },
  {
    name: 'id',
    format: formats.id('an id'),
    good: same('a', ' ', 'ü/:', 'a..b/...', '🚦', '\ufffd', 'a?b#c%', 'x'.repeat(1024)),
    bad: [
      ...['', '.', '..', '../a', 'a/..', 'a/./b', 'a\\..\\b', '%2e%2E', 'a%2f..%2Fb', 'a%5C.', 'x'.repeat(1025)],
      ...['a\n', '\0', '\x7f', '\x85', '\ud800', 'a\udc00b', ...NO_TEXT],
    ],
  },
  {
    name: 'accountSelection',
    format: formats.accountSelection,
    good: [
      ['*', 'all'],
      ['a', { values: ['a'], listed: false }],
      [['a'], { values: ['a'], listed: true }],
      [['b', 'a'], { values: ['b', 'a'], listed: true }],
    ],
    bad: ['', [], ['*'], ['a', 'a'], ['a', 1], [['a']], 1, null, true],
  },
  {
    name: 'logLevel',
    format: formats.logLevel,
    good: same('debug', 'info', 'warn', 'error'),
    bad: ['INFO', 'warning', '', ...NO_TEXT],
  },
];

describe.each(CASES)('$name', ({ format, good, bad }) => {
  it.each(good)('parses %j to %j', (value, parsed) => {
    expect(format.mismatches(value)).toEqual([]);
    expect(format.parse(value)).toEqual(parsed);
  });

  it.each(bad.map((value) => [value]))('rejects %o', (value) => {
    expect(format.mismatches(value)).not.toEqual([]);
  });
});

describe('parseListenAddress', () => {
  it.each([
    [':80', { host: undefined, port: 80 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['[::1]:10049', { host: '::1', port: 10_049 }],
  ])('parses the address %s', (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });
});
