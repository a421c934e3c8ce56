import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isThrottlingError } from '@smithy/core/retry';
import { expect, it } from 'vitest';
import { classify } from '../../src/aws/errors.ts';

it('classifies as throttling exactly the error names that the SDK does', () => {
  const text = readFileSync(createRequire(import.meta.url).resolve('@smithy/core/retry'), 'utf8');
  const names = new Set(Array.from(text.matchAll(/["']([A-Z]\w+)["']/g), ([, name = '']) => name));
  const throttling = [...names].filter((name) => isThrottlingError({ name, message: '' }));

  expect(throttling.length).toBeGreaterThan(10);
  expect([...names].filter((name) => classifiedAs(name) === 'ThrottlingException')).toEqual(throttling);
});

function classifiedAs(name: string): string {
  return classify({ name, message: '', $metadata: { httpStatusCode: 400 } });
}
