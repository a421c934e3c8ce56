import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PackedPages } from '../../src/results/kept-json.ts';
import { readDataPage, readRowPage } from '../../src/results/results.ts';
import { anyCharacter } from '../support/any-character.ts';

const rows = fc.array(
  fc.dictionary(fc.constantFrom('localIp', 'podName', 'tags', '__proto__', 'constructor'), fc.jsonValue()),
);
const rowPage = fc.record({ rows, token: fc.option(fc.string({ unit: anyCharacter }), { nil: undefined }) });

it('returns the pages unchanged and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rowPage), async (answers) => {
      // Other fields of the service. JSON has no `-0`: it is 0 after parsing.
      const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      const read = () =>
        answers.map(({ rows: raw, token }) =>
          readRowPage({
            unit: 'Count',
            topContributors: raw.map((row, i) => ({ more: wire(row), localAz: `az${i}`, targetPort: i, value: i / 3 })),
            nextToken: token,
          }),
        );
      const packed = new PackedPages<ReturnType<typeof readRowPage>>();
      for (const page of read()) {
        await packed.add(page);
      }
      expect(await packed.unpack()).toEqual(read());
    }),
    { numRuns: 50 },
  );
});

it('keeps the times of data points', async () => {
  const page = readDataPage({
    unit: 'Bytes',
    datapoints: [{ label: 'use1-az1', timestamps: [new Date(1_767_225_600_123)], values: [0.1] }],
    nextToken: 'more',
  });
  const packed = new PackedPages<typeof page>();
  await packed.add(page);
  expect(await packed.unpack()).toEqual([page]);
});

it('yields to the event loop between pages', async () => {
  const packed = new PackedPages<{ readonly page: number }>();
  for (let page = 0; page < 20; page += 1) {
    await packed.add({ page });
  }
  let turns = 0;
  let counting = true;
  const count = () => {
    turns += 1;
    if (counting) {
      setImmediate(count);
    }
  };
  setImmediate(count);
  await packed.unpack();
  counting = false;
  expect(turns).toBeGreaterThanOrEqual(20);
});
