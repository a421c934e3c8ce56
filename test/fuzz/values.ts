import { NormalizedSchema } from '@smithy/core/schema';
import type { SchemaRef } from '@smithy/types';
import fc from 'fast-check';
import { anyCharacter } from '../support/any-character.ts';

/**
 * A value of a response before it is written as JSON or XML. `raw` is what JavaScript holds no such value of: keys twice,
 * numbers beyond all bounds, ten thousand levels.
 */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'raw'; readonly json: string }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly times: number }
  | { readonly kind: 'members'; readonly members: readonly (readonly [name: string, value: Value])[] };

const text = (value: string): Value => ({ kind: 'text', text: value });
const raw = (json: string): Value => ({ kind: 'raw', json });

/** Texts that are difficult to search, or to write in another format. */
const HARD_TEXTS = [
  ...[
    ' ',
    '\t',
    '\n',
    '\\',
    '"',
    '/',
    '//',
    ':',
    '\0',
    '\ud800',
    '\ufffd',
    'é',
    '🚦',
    '%2e',
    '../',
    'a:b@',
    "'",
    '&lt;',
    ']]>',
  ],
  ...[
    ':assumed-role/a/',
    'token=',
    'secret ',
    'Deserialization error: ',
    '# EOF\n',
    '"} 1\n',
    '__proto__',
    '<a>',
    '&#x0;',
  ],
];

const hardText = fc
  .tuple(fc.constantFrom(...HARD_TEXTS), fc.constantFrom(1, 2, 100, 10_000, 200_000))
  .map(([piece, times]) => text(piece.repeat(times)));

const HARD_NUMBERS = [
  '0',
  '-0',
  '-1',
  '1e308',
  '1e309',
  '-1e999',
  '5e-324',
  '9007199254740993',
  '8640000000000001',
  '0.1',
  `1${'0'.repeat(5_000)}`,
];

const hardJson = fc
  .oneof(
    fc.constantFrom('null', 'true', 'false', '""', '[]', '{}', '[null]', '[[]]', ...HARD_NUMBERS),
    fc
      .tuple(
        fc.constantFrom(['[', ']'], ['{"a":', '}'], ['{"__proto__":', '}'], ['[[],', ']']),
        fc.constantFrom(10, 100, 5_000, 200_000),
      )
      .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`),
    fc
      .tuple(
        fc.constantFrom('{}', '[]', '0', '""', 'null', '{"value":1}', '{"a":{}}'),
        fc.constantFrom(1_000, 100_000, 1_000_000),
      )
      .map(([item, times]) => `[${`${item},`.repeat(times)}${item}]`),
    fc.constantFrom(1_000, 50_000).map((keys) => `{${Array.from({ length: keys }, (_, i) => `"k${i}":${i}`).join()}}`),
  )
  .map(raw);

/** Values that occasionally replace another value. */
const hardValue = fc.oneof(hardText, hardJson);

const name = (prefix: string, count: number) => fc.nat(count - 1).map((i) => text(`${prefix}${i}`));
const words = (...all: string[]) => fc.constantFrom(...all).map(text);
const label = fc.oneof(
  { weight: 9, arbitrary: name('x-', 20) },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter }).map(text) },
);

/** Texts by their member, valid for the daemon, so that it makes more calls. Other members are arbitrary labels. */
const TEXTS: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  status: fc.oneof(
    { weight: 8, arbitrary: words('SUCCEEDED') },
    words('RUNNING', 'QUEUED', 'FAILED', 'CANCELED', 'IN_PROGRESS'),
  ),
  monitorStatus: words('ACTIVE', 'ACTIVE', 'ACTIVE', 'PENDING', 'ERROR'),
  monitorName: name('monitor-', 6),
  monitorArn: fc.nat(5).map((i) => text(`arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/monitor-${i}`)),
  scopeId: name('scope-', 2),
  queryId: fc.nat().map((i) => text(`run-${i}`)),
  nextToken: fc.oneof(
    { weight: 12, arbitrary: words('') },
    words('A', 'B'),
    fc.nat().map((i) => text(`token-${i}`)),
  ),
  unit: words('', '', '', 'None', 'Count', 'Bytes', 'Milliseconds'),
  label,
  Account: words('111122223333'),
  Arn: words('arn:aws:sts::111122223333:assumed-role/nfm/session'),
  Expiration: fc
    .integer({ min: 10, max: 3_600 })
    .map((seconds) => text(new Date(Date.now() + seconds * 1_000).toISOString())),
  AccessKeyId: name('AKIATESTTESTTEST', 10),
  SecretAccessKey: name('secret', 10),
  SessionToken: name('session', 10),
};

const time = fc.oneof(
  fc.integer({ min: 0, max: 4e9 }).map((seconds) => raw(String(seconds))),
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => text(date.toISOString())),
);
const NUMBERS: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  targetPort: fc.constantFrom('0', '443', '8080').map(raw),
};
const number = fc
  .oneof(fc.nat(100_000), fc.double({ min: 0, max: 1e12, noNaN: true }))
  .map((value) => raw(String(value)));
const times = fc.oneof(
  { weight: 30, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.constantFrom(100, 2_000) },
);

/** Values of a shape of the model, of which one in `tameness` is not of the model. */
export function valuesOf(schema: SchemaRef, tameness: number, member = ''): fc.Arbitrary<Value> {
  const valid = validValues(NormalizedSchema.of(schema), tameness, member);
  return fc.oneof({ weight: tameness, arbitrary: valid }, { weight: 1, arbitrary: hardValue });
}

function validValues(shape: NormalizedSchema, tameness: number, member: string): fc.Arbitrary<Value> {
  if (shape.isStructSchema()) {
    return membersOf(
      [...shape.structIterator()].map(([key, value]) => [key, valuesOf(value, tameness, key)]),
      tameness,
    );
  }
  if (shape.isListSchema()) {
    const items = fc.array(valuesOf(shape.getValueSchema(), tameness, member), { maxLength: 6 });
    return fc.tuple(items, times).map(([each, count]): Value => ({ kind: 'list', items: each, times: count }));
  }
  if (shape.isMapSchema()) {
    return membersOf(
      ['team', 'env', '__proto__'].map((key) => [key, label]),
      tameness,
    );
  }
  if (shape.isTimestampSchema()) {
    return TEXTS[member] ?? time;
  }
  return shape.isNumericSchema() ? (NUMBERS[member] ?? number) : (TEXTS[member] ?? label);
}

/** Members of which some are missing, and some there twice. */
function membersOf(
  members: readonly (readonly [string, fc.Arbitrary<Value>])[],
  tameness: number,
): fc.Arbitrary<Value> {
  const occurrences = fc.oneof({ weight: tameness, arbitrary: fc.constant(1) }, fc.constantFrom(0, 2));
  return fc.tuple(...members.map(([key, value]) => fc.tuple(fc.constant(key), value, occurrences))).map((all) => ({
    kind: 'members',
    members: all.flatMap(([key, value, count]) => Array(count).fill([key, value])),
  }));
}

/** The body of an error. */
export const errorValues: fc.Arbitrary<Value> = membersOf(
  [
    ['message', fc.oneof(hardText, label)],
    [
      '__type',
      fc.oneof(hardText, words('ValidationException', 'com.amazonaws#ThrottlingException', 'ExpiredTokenException')),
    ],
    ['code', fc.oneof(hardText, words('ECONNRESET'))],
  ],
  20,
);

/** In characters: more than the daemon reads of any response. */
const LARGEST_LIST = 40_000_000;

export function toJson(value: Value): string {
  switch (value.kind) {
    case 'text':
      return JSON.stringify(value.text);
    case 'raw':
      return value.json;
    case 'list': {
      const items = value.items.map(toJson).join();
      const times = Math.max(1, Math.min(value.times, Math.floor(LARGEST_LIST / (items.length + 1))));
      return `[${items === '' ? '' : Array(times).fill(items).join()}]`;
    }
    case 'members':
      return `{${value.members.map(([key, each]) => `${JSON.stringify(key)}:${toJson(each)}`).join()}}`;
  }
}

/** As the query protocol has it; whatever is `raw` JSON is text, as deep as it is. */
export function toXml(value: Value): string {
  switch (value.kind) {
    case 'text':
      return value.text.replaceAll('\0', '&#0;');
    case 'raw':
      return value.json.replaceAll('[', '<member>').replaceAll(']', '</member>');
    case 'list':
      return value.items
        .map((item) => `<member>${toXml(item)}</member>`)
        .join('')
        .repeat(value.times);
    case 'members':
      return value.members.map(([key, each]) => `<${key}>${toXml(each)}</${key}>`).join('');
  }
}
