import { constants, crc32, deflateRawSync } from 'node:zlib';
import { combineCrc, crcShift } from './crc.ts';

/** Deflated text that can be joined with others: whole blocks, none of them the last of a stream. */
export interface Packed {
  readonly deflated: Buffer;
  /** CRC-32 of the text. */
  readonly crc: number;
  /** Bytes of the text. */
  readonly length: number;
  /** `crcShift(length)`. */
  readonly shift: number;
}

/** A low level: the text repeats itself so much that higher ones save little and cost several times the time. */
const LEVEL = 3;

/** Texts up to this many bytes are stored as they are: setting up the compression would cost more than it saves. */
const LARGEST_STORED = 1_024;

/**
 * Compresses at once: for a text of a few kilobytes, a job for Node's thread pool takes several times the compression.
 * The copy is of the length it needs, where zlib's own is a view of a buffer many times larger.
 */
function pack(text: Buffer): Packed {
  const deflated =
    text.length <= LARGEST_STORED
      ? storedBlock(text)
      : Buffer.from(deflateRawSync(text, { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH }));
  return { deflated, crc: crc32(text), length: text.length, shift: crcShift(text.length) };
}

/** RFC 1951, 3.2.4: a block of plain bytes that is not the last one; it begins where the one before it ended, on a byte. */
function storedBlock(text: Buffer): Buffer {
  if (text.length === 0) {
    return text;
  }
  const header = Buffer.alloc(5);
  header.writeUInt16LE(text.length, 1);
  header.writeUInt16LE(~text.length & 0xff_ff, 3);
  return Buffer.concat([header, text]);
}

/** Joins parts into one. */
export function join(parts: readonly Packed[]): Packed {
  let crc = 0;
  let length = 0;
  for (const part of parts) {
    crc = combineCrc(crc, part.crc, part.shift);
    length += part.length;
  }
  return { deflated: Buffer.concat(parts.map((part) => part.deflated)), crc, length, shift: crcShift(length) };
}

/** RFC 1952: magic, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty block that is the last one. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** One whole gzip stream with a single member, which every client reads. */
export function gzipStream(parts: readonly Packed[]): Buffer[] {
  const { crc, length } = parts.reduce(
    (sum, part) => ({ crc: combineCrc(sum.crc, part.crc, part.shift), length: sum.length + part.length }),
    { crc: 0, length: 0 },
  );
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return [GZIP_HEADER, ...parts.map((part) => part.deflated), LAST_BLOCK, trailer];
}

/**
 * Lines of one family that change together. They are rendered when they are asked for after a change, and compressed
 * when they are asked for compressed after a change; else what was made before is used again.
 */
export class Chunk {
  readonly #render: () => string;
  #text: Buffer | undefined;
  #packed: Packed | undefined;
  #version = 0;

  constructor(render: () => string) {
    this.#render = render;
  }

  /** Counts up with each change. */
  get version(): number {
    return this.#version;
  }

  changed(): void {
    this.#version += 1;
    this.#text = undefined;
    this.#packed = undefined;
  }

  text(): Buffer {
    this.#text ??= Buffer.from(this.#render());
    return this.#text;
  }

  /** The text is not kept: a scraper that takes gzip never asks for it. */
  packed(): Packed {
    this.#packed ??= pack(this.#text ?? Buffer.from(this.#render()));
    return this.#packed;
  }
}
