import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogger, LOG_FORMATS, LOG_LEVELS, type LogFields, type LogLevel } from '../../src/lib/log.ts';
import { anyCharacter } from '../support/any-character.ts';
import { parseLogLine } from '../support/log-lines.ts';

const NOW = Date.UTC(2026, 10, 24, 19, 46, 12, 345);

function logTo(lines: string[], format: (typeof LOG_FORMATS)[number], level: LogLevel = 'debug') {
  return createLogger({ level, format, clock: { now: () => NOW }, write: (line) => lines.push(line) });
}

/** Texts with characters that break lines, quotes, terminals, and encodings. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '=', ' ', '\n', '\r', '\t', '\0', '\u001b[31m', '\u0085', '\u009b', '\u2028', '\u202e'),
    fc.string({ unit: anyCharacter, minLength: 1, maxLength: 1 }),
    fc.constant('\ud800'),
  ),
});
const fields: fc.Arbitrary<LogFields> = fc.dictionary(
  fc.stringMatching(/^[a-z_]{1,12}$/).filter((key) => !['ts', 'level', 'msg', '__proto__'].includes(key)),
  fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(undefined)),
  { noNullPrototype: true },
);

describe.each(LOG_FORMATS)('the log as %s', (format) => {
  it('writes any event on one line that can be parsed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LOG_LEVELS), text, fields, (level, msg, given) => {
        const lines: string[] = [];
        logTo(lines, format)[level](msg, given);
        const [line = ''] = lines;
        expect(lines).toHaveLength(1);
        expect(line.endsWith('\n')).toBe(true);
        const known = Object.entries(given).filter(([, value]) => value !== undefined);
        expect(Object.entries(parseLogLine(line.slice(0, -1)))).toEqual([
          ['ts', '2026-11-24T19:46:12.345Z'],
          ['level', level],
          ['msg', msg],
          ...known.map(([key, value]) => [key, format === 'json' ? jsonText(value) : String(value)]),
        ]);
      }),
    );
  });

  it('shortens long texts', () => {
    const lines: string[] = [];
    logTo(lines, format).warn('query failed', { reason: 'x'.repeat(1_000_000), after: 1 });
    const [line = ''] = lines;
    expect(line.length).toBeLessThan(5_000);
    expect(line).toMatch(/x{4096}…/);
    expect(line).toMatch(/after/);
  });

  it('escapes characters that end a line or control a terminal', () => {
    fc.assert(
      fc.property(text, text, (msg, value) => {
        const lines: string[] = [];
        logTo(lines, format).info(msg, { value });
        const line = lines.join('').slice(0, -1);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it.each(LOG_LEVELS)('writes events of level %s and above, and unconditional ones', (level) => {
    const lines: string[] = [];
    const log = logTo(lines, format, level);
    for (const each of LOG_LEVELS) {
      log[each](each);
    }
    log.always('listening');
    expect(lines.map((line) => parseLogLine(line.trimEnd())['msg'])).toEqual([
      ...LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)),
      'listening',
    ]);
  });
});

/** JSON has no negative zero. */
function jsonText(value: unknown): string {
  return String(Object.is(value, -0) ? 0 : value);
}

describe('the log as logfmt', () => {
  it('always quotes the message, and other values only if necessary', () => {
    const lines: string[] = [];
    logTo(lines, 'logfmt').info('listening', { address: '[::1]:10049', empty: '', words: 'two words', number: 1.5 });
    expect(lines).toEqual([
      'ts=2026-11-24T19:46:12.345Z level=info msg="listening" address=[::1]:10049 empty="" words="two words" number=1.5\n',
    ]);
  });
});
