import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import pLimit from 'p-limit';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
/** One job at a time in Node's thread pool: four on one core blocked the event loop for up to 69 ms. */
const pool = pLimit(1);

/** JSON that is rarely read, compressed to about a twelfth. As objects, rows would use hundreds of megabytes. */
export class KeptJson {
  readonly #deflated: Uint8Array;

  private constructor(deflated: Uint8Array) {
    this.#deflated = deflated;
  }

  /** Compresses the JSON of a value in Node's thread pool. Keeps no reference to the value. */
  static async of(value: unknown): Promise<KeptJson> {
    // A low level: rows are so similar that higher levels save little.
    const text = JSON.stringify(value);
    const deflated = await pool(() => deflate(text, { level: 3 }));
    // A short result is a view of a chunk of 16 KiB. The copy has only the size of the result.
    return new KeptJson(new Uint8Array(deflated));
  }

  /** Reads the result of `toBase64` of this or another process. */
  static fromBase64(text: string): KeptJson {
    return new KeptJson(new Uint8Array(Buffer.from(text, 'base64')));
  }

  /** Jobs in progress or waiting, of all values. They take real time, whatever the clock: clocks of tests wait for them. */
  static get jobs(): number {
    return pool.activeCount + pool.pendingCount;
  }

  toBase64(): string {
    return Buffer.from(this.#deflated).toString('base64');
  }

  /** Size in memory, in bytes. */
  get size(): number {
    return this.#deflated.buffer.byteLength;
  }

  async text(): Promise<string> {
    return (await pool(() => inflate(this.#deflated))).toString();
  }
}
