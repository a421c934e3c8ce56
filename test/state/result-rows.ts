import fc from 'fast-check';
import type { ResultRow } from '../../src/results/results.ts';
import { readRowPage } from '../../src/results/results.ts';

/** Returns the rows of a response with these items. */
export function rowsFrom(items: readonly object[]): readonly ResultRow[] {
  return readRowPage({ topContributors: items }).rows;
}

/** A few different texts, so that rows are merged, including hostile texts and forms of absent ones. */
const text = fc.oneof(
  fc.constantFrom('use1-az1', 'use1-az2', '', null, undefined),
  fc.constantFrom('"', '\\', '\n', 'a\ud800', 'a\udbff', `${'x'.repeat(2_000)}1`, `${'x'.repeat(2_000)}2`),
);

/** Items of a response of top contributors. Their values are whole numbers, so that sums stay exact. */
export const answerItems: fc.Arbitrary<object[]> = fc.array(
  fc.record({
    localAz: text,
    remoteAz: text,
    remoteIp: text,
    targetPort: fc.constantFrom(0, 443, null, ''),
    value: fc.option(fc.nat(1_000_000)),
    kubernetesMetadata: fc.option(fc.record({ localPodName: text })),
  }),
  { maxLength: 40 },
);
