import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import pLimit from 'p-limit';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/**
 * Node's thread pool would take four at once: where there is one core, the event loop waits for all of them in turn. It
 * waited up to 69 ms while twenty runs were read; the work itself is a millisecond or two each.
 */
const pool = pLimit(1);

/**
 * JSON that is kept for the rare reader. As objects the rows of hundreds of queries, with all their fields, would take
 * hundreds of megabytes; compressed they take about a twelfth of their JSON.
 */
export class KeptJson {
  readonly #deflated: Uint8Array;

  private constructor(deflated: Uint8Array) {
    this.#deflated = deflated;
  }

  /** Keeps a value; `value` itself is not held on to. Compresses in Node's thread pool. */
  static async of(value: unknown): Promise<KeptJson> {
    // A low level: rows repeat each other so much that higher ones save little.
    const text = JSON.stringify(value);
    const deflated = await pool(() => deflate(text, { level: 3 }));
    // A short result is part of a chunk of 16 KiB that zlib has allocated: copied, it takes no more than it is.
    return new KeptJson(new Uint8Array(deflated));
  }

  /** What `toBase64` gave, of this process or another. */
  static fromBase64(text: string): KeptJson {
    return new KeptJson(new Uint8Array(Buffer.from(text, 'base64')));
  }

  toBase64(): string {
    return Buffer.from(this.#deflated).toString('base64');
  }

  /** Bytes of memory that it takes. */
  get size(): number {
    return this.#deflated.buffer.byteLength;
  }

  /** The value's JSON. */
  async text(): Promise<string> {
    return (await pool(() => inflate(this.#deflated))).toString();
  }
}
