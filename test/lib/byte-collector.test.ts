import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCollector } from '../../src/lib/byte-collector.ts';

it('joins chunks of any length, and keeps no small chunk alive', () => {
  const lengths = fc.array(fc.oneof(fc.nat(4), fc.nat(20_000), fc.constantFrom(16_383, 16_384, 16_385)));
  fc.assert(
    fc.property(lengths, (each) => {
      const collector = new ByteCollector();
      const chunks = each.map((length, i) => Buffer.alloc(length, i + 1));
      const expected = Buffer.concat(chunks);
      for (const chunk of chunks) {
        collector.add(chunk);
        if (chunk.length < 16_384) {
          chunk.fill(0);
        }
      }
      expect(collector.length).toBe(expected.length);
      expect(collector.take().equals(expected)).toBe(true);
      expect([collector.length, collector.take().length]).toEqual([0, 0]);
    }),
  );
});
