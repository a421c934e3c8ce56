import { expect, it } from 'vitest';
import { FAMILIES } from '../../src/metrics/families.ts';

it.each(FAMILIES.map(({ name, help }) => [name, help]))(
  'describes %s in at most 120 characters that start with a noun or "1 if" or "1 for"',
  (_, help) => {
    expect(help.length).toBeLessThanOrEqual(120);
    expect(help).toMatch(/^(1 (if|for) |[A-Z])[^"\\\n]*\.$/);
    expect(help).not.toMatch(/^(Whether|Who|How|Why|What|When|Where)\b/);
  },
);
