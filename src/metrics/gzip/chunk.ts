import { constants, crc32, deflateRawSync } from 'node:zlib';
import { combineCrc, crcShift } from './crc.ts';

/** Compressed text that can be joined with others: whole deflate blocks that are not the last of a stream. */
export interface Packed {
  readonly deflated: Buffer;
  readonly crc: number;
  /** Bytes of the text. */
  readonly length: number;
  readonly shift: number;
  /** The text, if it is too short for compression alone. */
  readonly short: Buffer | undefined;
}

/** A low level: the text is so repetitive that higher levels save little and take several times as long. */
const LEVEL = 3;

/** Largest text in bytes that is stored uncompressed, because compression would cost more than it saves. */
const LARGEST_STORED = 1_024;

/**
 * Compresses synchronously: for a few kilobytes, a job in Node's thread pool takes several times as long as the compression.
 * Copies the result, because zlib returns a view of a much larger buffer.
 */
function pack(text: Buffer): Packed {
  const short = text.length <= LARGEST_STORED ? text : undefined;
  const deflated =
    short === undefined
      ? Buffer.from(deflateRawSync(text, { level: LEVEL, finishFlush: constants.Z_FULL_FLUSH }))
      : storedBlock(text);
  return { deflated, crc: crc32(text), length: text.length, shift: crcShift(text.length), short };
}

/** Returns a stored block that is not the last one (RFC 1951, 3.2.4). It starts at a byte boundary, like every block here. */
function storedBlock(text: Buffer): Buffer {
  if (text.length === 0) {
    return text;
  }
  const header = Buffer.alloc(5);
  header.writeUInt16LE(text.length, 1);
  header.writeUInt16LE(~text.length & 0xff_ff, 3);
  return Buffer.concat([header, text]);
}

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

/** Returns a function that makes one part of several. It returns its last result again if the parts are the same. */
export function remembering(make: (parts: readonly Packed[]) => Packed): (parts: readonly Packed[]) => Packed {
  let last: { readonly parts: readonly Packed[]; readonly packed: Packed } | undefined;
  return (parts) => {
    if (last?.parts.length !== parts.length || parts.some((part, i) => part !== last?.parts[i])) {
      last = { parts, packed: make(parts) };
    }
    return last.packed;
  };
}

const packShort = (parts: readonly Packed[]) => pack(Buffer.concat(parts.flatMap(({ short }) => short ?? [])));
/** Compression of consecutive short parts, by the first part. */
const runs = new WeakMap<Packed, ReturnType<typeof remembering>>();

function packRun(parts: readonly Packed[], first: Packed): Packed {
  const run = runs.get(first) ?? remembering(packShort);
  runs.set(first, run);
  return run(parts);
}

/** Compresses consecutive short texts together: small pages consist mostly of them. */
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

/** RFC 1952: magic number, deflate, no flags, no time, no hints, unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block. */
const LAST_BLOCK = Buffer.from([0x03, 0x00]);

/** Returns a gzip stream with a single member, which every client can read. */
export function gzipStream(pieces: readonly Packed[]): Buffer[] {
  const parts = compressShort(pieces);
  const { crc, length } = totalsOf(parts);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return [GZIP_HEADER, ...parts.map((part) => part.deflated), LAST_BLOCK, trailer];
}

/** Lines of one family that change together. They are rendered and compressed at the first request after a change. */
export class Chunk {
  readonly #render: () => string | Buffer;
  #text: Buffer | undefined;
  #packed: Packed | undefined;

  /** @param render returns the lines. Returned bytes must never change. */
  constructor(render: () => string | Buffer) {
    this.#render = render;
  }

  /** Whether the compressed text is known since the last change. */
  get isPacked(): boolean {
    return this.#packed !== undefined;
  }

  changed(): void {
    this.#text = undefined;
    this.#packed = undefined;
  }

  text(): Buffer {
    this.#text ??= bytesOf(this.#render());
    return this.#text;
  }

  /** Returns the compressed text. Does not keep the text: scrapers that accept gzip never request it. */
  packed(): Packed {
    this.#packed ??= pack(this.#text ?? bytesOf(this.#render()));
    return this.#packed;
  }
}

function bytesOf(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
