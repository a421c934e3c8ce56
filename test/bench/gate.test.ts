import { describe, expect, it, test } from 'vitest';
import { isWithin, PLANTED, readBounds } from '../../bench/gate.ts';
import { MEASUREMENTS } from '../../bench/measure-gate.ts';

const BOUNDS = readBounds(new URL('../../bench/bounds.json', import.meta.url));

test('bounds.json has one bound per measured ratio', () => {
  expect(Object.keys(BOUNDS)).toEqual(Object.keys(MEASUREMENTS));
});

describe.each(Object.entries(BOUNDS))('the bound of %s', (_, bound) => {
  it('allows noise, but less than a planted slowdown adds', () => {
    expect(bound).toEqual({ measured: expect.any(Number), atMost: expect.any(Number) });
    expect(bound.atMost).toBeGreaterThanOrEqual(1.25 * bound.measured);
    expect(bound.atMost).toBeLessThan(0.75 * PLANTED * bound.measured);
  });

  it('accepts the measured value, and rejects the value with a planted slowdown and no value', () => {
    expect(isWithin(bound, bound.measured)).toBe(true);
    expect(isWithin(bound, PLANTED * bound.measured)).toBe(false);
    expect(isWithin(bound, Number.NaN)).toBe(false);
  });
});
