import fc from 'fast-check';
import { anyCharacter } from '../support/any-character.ts';

/** Members of the service's responses, and keys of every object in JavaScript. */
const KEYS = [
  ...['status', 'queryId', 'unit', 'topContributors', 'datapoints', 'nextToken', 'monitors', 'scopes', 'tags'],
  ...['value', 'localAz', 'remoteIp', 'targetPort', 'kubernetesMetadata', 'localPodName', 'traversedConstructs'],
  ...['label', 'timestamps', 'values', 'monitorName', 'monitorArn', 'monitorStatus', 'scopeId'],
  ...['message', 'Message', '__type', 'code', 'Code'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', ''],
];

const TEXTS = [
  ...['SUCCEEDED', 'RUNNING', 'FAILED', 'ACTIVE', 'Bytes', 'Count', 'ValidationException', '__proto__', 'constructor'],
  ...['\0', '\ud800', 'a\udc00b', '\u{feff}', '\u2028', 'a"b\\c\nd\re', '# EOF\n', '} 1\naws_nfm_up 1', '<script>'],
  ...['x'.repeat(10_000), '\\'.repeat(5_000), '…'.repeat(5_000), 'NaN', '2026-01-01T00:00:00Z', '%00', '../..'],
];

const NUMBERS = [
  ...['0', '-0', '1', '-1', '0.1', '443', '65536', '1e308', '-1e308', '1e309', '-1e999', '5e-324', '1e-999'],
  ...['9007199254740993', '123456789012345678901234567890', '1767225600', '1E+2', '8640000000000001'],
];

const anyText = fc
  .oneof(fc.constantFrom(...TEXTS), fc.string({ unit: anyCharacter }))
  .map((text) => JSON.stringify(text));
const anyKey = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...KEYS) }, fc.string({ unit: anyCharacter }));

/** JSON as text, since what JavaScript would make of it may already be tamer: keys twice, numbers beyond all bounds. */
const { json: anyJson, map: anyMap } = fc.letrec<{ json: string; map: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    anyText,
    fc.oneof(fc.constantFrom(...NUMBERS, 'true', 'false', 'null'), fc.double({ noNaN: true }).map(String)),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
    tie('map'),
  ),
  map: fc
    .array(fc.tuple(anyKey, tie('json')), { maxLength: 8 })
    .map((pairs) => `{${pairs.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join()}}`),
}));

/** Values that recursive readers run out of stack on. */
const deepJson = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"value":', '}'], ['{"__proto__":', '}']), fc.constantFrom(100, 20_000))
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const row = fc
  .array(
    fc.tuple(fc.constantFrom('value', 'localAz', 'remoteIp', 'targetPort', 'kubernetesMetadata', 'extra'), anyJson),
    { maxLength: 5 },
  )
  .map((pairs) => `{${pairs.map(([key, value]) => `"${key}":${value}`).join()}}`);

/** Rows as the service sends them, but for their texts and numbers: they are likely to be taken. */
const plausibleRow = fc
  .record({
    value: fc.constantFrom('0', '1', '12.5', '1e300', '9007199254740993', 'null'),
    localAz: anyText,
    remoteIp: anyText,
    targetPort: fc.constantFrom('0', '443', 'null'),
  })
  .map(
    (members) =>
      `{${Object.entries(members)
        .map(([key, value]) => `"${key}":${value}`)
        .join()}}`,
  );

const LISTS = ['topContributors', 'datapoints', 'monitors', 'scopes', 'tags'];

function listsOf(item: fc.Arbitrary<string>, lists = LISTS): fc.Arbitrary<string> {
  const items = fc.array(item, { maxLength: 6 });
  return fc.tuple(fc.constantFrom(...lists), items).map(([list, each]) => `{"unit":"Count","${list}":[${each}]}`);
}

/** A member of a response, of any kind. */
const oneMember = fc
  .tuple(fc.constantFrom(...KEYS.slice(0, 9)), fc.oneof(anyJson, deepJson))
  .map(([key, value]) => `{"${key}":${value}}`);

const anyBody: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc
    .oneof(
      { weight: 4, arbitrary: fc.oneof(oneMember, listsOf(row), listsOf(plausibleRow)) },
      { weight: 2, arbitrary: fc.oneof(anyMap, anyJson, listsOf(anyJson)) },
      deepJson,
      listsOf(deepJson),
      fc.tuple(anyMap, fc.nat(40)).map(([text, cut]) => text.slice(0, -cut)),
      fc.constantFrom('', ' ', '<html>', '\u{feff}{"status":"RUNNING"}', '{"status":"RUNNING"}}', 'null', '{]'),
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 100 }),
  // Invalid UTF-8 inside JSON.
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.concat([Buffer.from('{"status":"'), bytes, Buffer.from('"}')])),
);

const anyErrorType = fc.constantFrom(
  ...[
    'ValidationException',
    'ThrottlingException',
    'ResourceNotFoundException',
    '__proto__',
    'constructor',
    'a:b#c',
    '',
  ],
  'x'.repeat(5_000),
);

function framed(status: number, body: Uint8Array, headers: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${status} Status`, `Content-Length: ${body.length}`, 'Connection: close', ...headers];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

/** A valid HTTP response with any body. */
const anyHttp = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(200) },
      { weight: 2, arbitrary: fc.constantFrom(201, 204, 301, 400, 402, 403, 404, 429, 500, 503, 599) },
    ),
    anyBody,
    fc.constantFrom('application/json', 'text/html', 'application/cbor', ''),
    anyErrorType,
  )
  .map(([status, body, type, error]) => framed(status, body, [`Content-Type: ${type}`, `x-amzn-errortype: ${error}`]));

/** Invalid or incomplete HTTP responses. */
const noHttp = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.constantFrom(
    ...[
      'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n{}',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(10_000)}\r\n\r\n{}`,
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'HTTP/1.1 999 \r\n\r\n',
      'HTTP/9.9 200 OK\r\n\r\n',
      'SSH-2.0-OpenSSH_9.2\r\n',
    ].map((text) => Buffer.from(text, 'latin1')),
  ),
);

/** Partially valid results in a successful response. */
export const anyResults: fc.Arbitrary<Uint8Array> = fc
  .oneof(...[plausibleRow, plausibleRow, plausibleRow, row, deepJson].map((item) => listsOf(item, ['topContributors'])))
  .map((text) => framed(200, Buffer.from(text), []));

/** A successful response. */
export function wellAnswered(value: unknown): Uint8Array {
  return framed(200, Buffer.from(JSON.stringify(value)), []);
}

/** Possible responses of a service, a gateway, or an intermediary, as bytes. */
export const anyAnswer: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 9, arbitrary: anyHttp },
  { weight: 1, arbitrary: noHttp },
);
