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
  /** The text, where it is too short to be worth compressing by itself. */
  readonly short: Buffer | undefined;
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
  const short = text.length <= LARGEST_STORED ? text : undefined;
  const deflated =
    short === undefined
      ? Buffer.from(deflateRawSync(text, { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH }))
      : storedBlock(text);
  return { deflated, crc: crc32(text), length: text.length, shift: crcShift(text.length), short };
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
  const compressed = compressShort(parts);
  const [first] = compressed;
  if (first !== undefined && compressed.length === 1) {
    return first;
  }
  const { crc, length } = totalsOf(compressed);
  const deflated = Buffer.concat(compressed.map((part) => part.deflated));
  return { deflated, crc, length, shift: crcShift(length), short: undefined };
}

/** Returns the CRC-32 and the bytes of the text that the parts have together. */
function totalsOf(parts: readonly Packed[]): Pick<Packed, 'crc' | 'length'> {
  let crc = 0;
  let length = 0;
  for (const part of parts) {
    crc = combineCrc(crc, part.crc, part.shift);
    length += part.length;
  }
  return { crc, length };
}

/** What short parts that follow each other came to last, by the first of them. */
const runs = new WeakMap<Packed, { readonly parts: readonly Packed[]; readonly packed: Packed }>();

function packRun(parts: readonly Packed[], first: Packed): Packed {
  const known = runs.get(first);
  if (known?.parts.length === parts.length && parts.every((part, i) => part === known.parts[i])) {
    return known.packed;
  }
  const packed = pack(Buffer.concat(parts.flatMap(({ short }) => short ?? [])));
  runs.set(first, { parts, packed });
  return packed;
}

/** Short texts that follow each other are compressed together: the pages of small set-ups are made of little else. */
function compressShort(parts: readonly Packed[]): Packed[] {
  const compressed: Packed[] = [];
  let run: Packed[] = [];
  const endRun = () => {
    const [first] = run;
    if (first !== undefined) {
      compressed.push(run.length === 1 ? first : packRun(run, first));
    }
    run = [];
  };
  for (const part of parts) {
    if (part.short === undefined) {
      endRun();
      compressed.push(part);
    } else {
      run.push(part);
    }
  }
  endRun();
  return compressed;
}

/** RFC 1952: magic, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty block that is the last one. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** One whole gzip stream with a single member, which every client reads. */
export function gzipStream(pieces: readonly Packed[]): Buffer[] {
  const parts = compressShort(pieces);
  const { crc, length } = totalsOf(parts);
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
  readonly #render: () => string | Buffer;
  #text: Buffer | undefined;
  #packed: Packed | undefined;
  #version = 0;

  /** What `render` gives as bytes is used as it is: it must never change. */
  constructor(render: () => string | Buffer) {
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
    this.#text ??= bytesOf(this.#render());
    return this.#text;
  }

  /** The text is not kept: a scraper that takes gzip never asks for it. */
  packed(): Packed {
    this.#packed ??= pack(this.#text ?? bytesOf(this.#render()));
    return this.#packed;
  }
}

function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
