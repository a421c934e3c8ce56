import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc, crcShift } from '../../src/metrics/gzip/crc.ts';

describe('combineCrc', () => {
  it('returns the CRC of joined parts, including empty ones', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (parts) => {
        const whole = parts.reduce((crc, part) => combineCrc(crc, crc32(part), crcShift(part.length)), 0);
        expect(whole).toBe(crc32(Buffer.concat(parts)));
      }),
    );
  });

  it('returns the CRC of parts of megabytes', () => {
    const first = Buffer.alloc(3_000_001, 'first part, ');
    const second = Buffer.alloc(5_000_003, 'second part, ');
    const whole = Buffer.concat([first, second]);
    expect(combineCrc(crc32(first), crc32(second), crcShift(second.length))).toBe(crc32(whole));
  });
});
