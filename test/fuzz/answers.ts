import { gzipSync } from 'node:zlib';
import * as api from '@aws-sdk/client-networkflowmonitor';
import * as sts from '@aws-sdk/client-sts';
import type { SchemaRef, StaticOperationSchema } from '@smithy/types';
import fc from 'fast-check';
import { errorValues, toJson, toXml, type Value, valuesOf } from './values.ts';

/** The bytes of one response to a request, in pieces. */
export interface Answer {
  readonly pieces: readonly Uint8Array[];
  /** Milliseconds between two pieces. */
  readonly pause: number;
  /** What follows the last piece. `hold`: nothing, until the client gives up. */
  readonly end: 'close' | 'reset' | 'hold';
}

export interface Operation {
  readonly name: string;
  readonly matches: (request: { readonly method: string; readonly target: string; readonly body: string }) => boolean;
  readonly answers: fc.Arbitrary<Answer>;
}

/** All operations of the client's model, and those of STS that the daemon calls. */
export function readOperations(): readonly Operation[] {
  return [
    ...Object.values(api).flatMap((exported): Operation[] => {
      const schema = schemaOf(exported);
      if (schema === undefined) {
        return [];
      }
      const { method, uri } = schema;
      const path = new RegExp(`^${uri.replace(/\{\w+\}/g, '[^/?]+')}(\\?|$)`);
      return [
        {
          name: schema.name,
          matches: (request) => request.method === method && path.test(request.target),
          answers: answersOf(resultsOf(schema.output).map(toJson), errorValues.map(toJson), 'application/json'),
        },
      ];
    }),
    ...[sts.AssumeRoleCommand, sts.GetCallerIdentityCommand].flatMap((command): Operation[] => {
      const schema = schemaOf(command);
      if (schema === undefined) {
        throw new TypeError('a command without a schema');
      }
      const { name, output } = schema;
      const result = resultsOf(output).map((value) => elements(`${name}Response`, `${name}Result`, value));
      const error = errorValues.map((value) => elements('ErrorResponse', 'Error', value));
      return [
        {
          name,
          matches: ({ body }) => body.includes(`Action=${name}&`) || body.endsWith(`Action=${name}`),
          answers: answersOf(result, error, 'text/xml'),
        },
      ];
    }),
  ];
}

/** Results that are accepted as a whole, in part, or not at all. */
function resultsOf(schema: SchemaRef): fc.Arbitrary<Value> {
  return fc.oneof(...[20, 500, 10_000].map((tameness) => valuesOf(schema, tameness)));
}

interface OperationSchema {
  readonly name: string;
  readonly method: string;
  /** With the input's members in braces. */
  readonly uri: string;
  readonly output: SchemaRef;
}

/** An operation's schema by the runtime's convention: kind 9, namespace, name, traits, input, output. */
function schemaOf(exported: unknown): OperationSchema | undefined {
  if (typeof exported !== 'function' || !exported.name.endsWith('Command')) {
    return undefined;
  }
  const { schema }: { readonly schema?: StaticOperationSchema } = Reflect.construct(exported, [{}]);
  if (schema === undefined) {
    return undefined;
  }
  const [, , name, traits, , output] = schema;
  const [method = 'POST', uri = '/'] = typeof traits === 'object' ? (traits.http ?? []) : [];
  return { name, method, uri, output };
}

function elements(outer: string, inner: string, value: Value): string {
  return `<${outer} xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${inner}>${toXml(value)}</${inner}></${outer}>`;
}

const STATUSES = [201, 204, 206, 301, 304, 400, 401, 402, 403, 404, 409, 413, 429, 500, 502, 503, 599];

const HARD_HEADERS = [
  ...[
    'x-amzn-errortype: ThrottlingException',
    'x-amzn-errortype: ServiceQuotaExceededException',
    'x-amzn-errortype: ExpiredTokenException',
    `x-amzn-errortype: ${'a:'.repeat(3_000)}`,
  ],
  ...[
    'retry-after: 99999999999',
    'retry-after: Fri, 31 Dec 9999 23:59:59 GMT',
    'x-amz-retry-after: 1e9',
    'retry-after: -1',
  ],
  ...[
    'date: Thu, 01 Jan 1970 00:00:00 GMT',
    'date: never',
    `x-amzn-requestid: ${' a'.repeat(3_000)}`,
    `x-a: ${'b'.repeat(20_000)}`,
  ],
  ...[
    'content-type: text/html',
    'content-type: application/cbor',
    'content-encoding: gzip',
    'content-encoding: br',
    'connection: keep-alive',
  ],
  ...Array.from({ length: 3 }, (_, i) =>
    Array(100 * 10 ** i)
      .fill('x-b: c')
      .join('\r\n'),
  ),
];

const headers = fc.oneof(
  { weight: 9, arbitrary: fc.constant([]) },
  fc.subarray(HARD_HEADERS, { minLength: 1, maxLength: 3 }),
);

/** How a body is sent. */
const wire = fc.oneof(
  { weight: 60, arbitrary: fc.constant('whole') },
  fc.constantFrom('chunked', 'slow', 'gzip', 'bomb', 'cut', 'reset', 'hold', 'not UTF-8', 'no HTTP', 'more than said'),
);

function answersOf(result: fc.Arbitrary<string>, error: fc.Arbitrary<string>, type: string): fc.Arbitrary<Answer> {
  const succeeded = fc.tuple(fc.constant(200), result);
  const failed = fc.tuple(fc.constantFrom(...STATUSES), fc.oneof(error, result));
  return fc
    .tuple(fc.oneof({ weight: 12, arbitrary: succeeded }, { weight: 1, arbitrary: failed }), headers, wire)
    .map(([[status, text], more, how]) => sent(status, text, [`content-type: ${type}`, ...more], how));
}

function sent(status: number, text: string, headers: readonly string[], how: string): Answer {
  const body = Buffer.from(text);
  const whole = (content: Uint8Array, ...more: string[]): Uint8Array[] => [
    head(status, [...headers, `content-length: ${content.length}`, ...more]),
    content,
  ];
  switch (how) {
    case 'chunked':
      return {
        pieces: [head(status, [...headers, 'transfer-encoding: chunked']), ...chunks(body)],
        pause: 0,
        end: 'close',
      };
    case 'slow':
      return { pieces: whole(body).flatMap((piece) => cutInto(piece, 8)), pause: 100, end: 'close' };
    case 'gzip':
      return { pieces: whole(gzipSync(body), 'content-encoding: gzip'), pause: 0, end: 'close' };
    case 'bomb':
      return { pieces: whole(BOMB, 'content-encoding: gzip'), pause: 0, end: 'close' };
    case 'cut':
      return { pieces: whole(body).map((piece, i) => piece.subarray(0, piece.length - i * 5)), pause: 0, end: 'close' };
    case 'reset':
      return { pieces: whole(body).slice(0, 1), pause: 0, end: 'reset' };
    case 'hold':
      return { pieces: whole(body).slice(0, 1), pause: 0, end: 'hold' };
    case 'not UTF-8':
      return { pieces: whole(body.map((byte, i) => (i % 17 === 3 ? 0xff : byte))), pause: 0, end: 'close' };
    case 'no HTTP':
      return { pieces: [body], pause: 0, end: 'close' };
    case 'more than said':
      return { pieces: [...whole(body), body], pause: 0, end: 'close' };
    default:
      return { pieces: whole(body), pause: 0, end: 'close' };
  }
}

/** 64 MiB. */
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));

function head(status: number, headers: readonly string[]): Uint8Array {
  return Buffer.from(
    `HTTP/1.1 ${status} Status\r\n${headers.map((header) => `${header}\r\n`).join('')}connection: close\r\n\r\n`,
  );
}

function chunks(body: Uint8Array): Uint8Array[] {
  const parts = cutInto(body, 5).flatMap((part) => [
    Buffer.from(`${part.length.toString(16)}\r\n`),
    part,
    Buffer.from('\r\n'),
  ]);
  return [...parts, Buffer.from('0\r\n\r\n')];
}

function cutInto(bytes: Uint8Array, parts: number): Uint8Array[] {
  const size = Math.max(1, Math.ceil(bytes.length / parts));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}
