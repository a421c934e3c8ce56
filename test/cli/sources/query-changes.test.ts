import { expect, test } from 'vitest';
import { changeFields, NO_CHANGES, sumOf } from '../../../src/registry/query-changes.ts';

test('lists numbers and at most ten names of each kind of changed queries', () => {
  const names = Array.from({ length: 12 }, (_, index) => `q${index}`);
  const changes = sumOf(
    { ...NO_CHANGES, added: names.slice(0, 11), removed: ['a'] },
    { ...NO_CHANGES, added: ['q11'] },
  );
  expect(changeFields(changes)).toEqual({
    added: 12,
    changed: 0,
    removed: 1,
    added_queries: 'q0, q1, q2, q3, q4, q5, q6, q7, q8, q9, and 2 more',
    removed_queries: 'a',
  });
});
