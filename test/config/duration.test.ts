import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/reading/texts.ts';

describe('durations', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['1ms', 1],
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1y', 31_536_000_000],
    ['1y2w3d4h5m6s7ms', 33_019_506_007],
    ['007s', 7000],
  ])('parses the duration %s to %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    ' 1s',
    '1s ',
    '1 s',
    '1',
    '1.5h',
    '-1s',
    '+1s',
    '30m1h',
    '1s1s',
    '1S',
    '1sec',
    '1µs',
    '1e3s',
    `${'9'.repeat(20)}y`,
  ])('rejects %j as a duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('parses formatted durations to the same value', () => {
    const anyDuration = fc.oneof(
      fc.nat(),
      fc.maxSafeNat(),
      fc.nat(1000).map((days) => days * 86_400_000),
    );
    fc.assert(fc.property(anyDuration, (ms) => parseDuration(formatDuration(ms)) === ms));
  });

  it.each([
    [0, '0s'],
    [5_400_000, '1h30m'],
    [36 * 3_600_000, '36h'],
    [86_400_000, '1d'],
    [7 * 86_400_000, '1w'],
    [61_001, '1m1s1ms'],
  ])('formats %d ms as Prometheus does: %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('never throws for arbitrary text', () => {
    const likely = fc
      .array(fc.constantFrom('1', '0', 'y', 'w', 'd', 'h', 'm', 's', 'ms', '.', '-'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), (text) => {
        const ms = parseDuration(text);
        expect(ms === undefined || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});
