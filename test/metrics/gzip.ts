import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';

/**
 * Returns the text of a gzip stream with exactly one member and no optional fields.
 *
 * @throws Error if header, data, or trailer violate RFC 1952
 */
export function gunzipSingleMember(stream: Buffer): Buffer {
  const header = stream.subarray(0, 10);
  if (header.readUInt16BE(0) !== 0x1f_8b || header[2] !== 8 || header[3] !== 0) {
    throw new Error(`not the header of a deflated member without options: ${header.toString('hex')}`);
  }
  // Raw inflation ends with the last block of the first member. The checked trailer is the last one of the stream.
  const text = inflateRawSync(stream.subarray(10, -8));
  if (stream.readUInt32LE(stream.length - 8) !== crc32(text)) {
    throw new Error('the CRC-32 is wrong, or there is more than one member');
  }
  if (stream.readUInt32LE(stream.length - 4) !== text.length) {
    throw new Error('ISIZE is wrong');
  }
  if (!gunzipSync(stream).equals(text)) {
    throw new Error('zlib reads another text');
  }
  return text;
}
