import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/**
 * JSON that is kept for the rare reader. As objects the rows of hundreds of queries, with all their fields, would take
 * hundreds of megabytes; compressed they take about a twelfth of their JSON.
 */
export class KeptJson {
  readonly #deflated: Buffer;

  private constructor(deflated: Buffer) {
    this.#deflated = deflated;
  }

  /** Keeps a value; `value` itself is not held on to. Compresses in Node's thread pool. */
  static async of(value: unknown): Promise<KeptJson> {
    // A low level: rows repeat each other so much that higher ones save little.
    return new KeptJson(await deflate(JSON.stringify(value), { level: 3 }));
  }

  /** What `toBase64` gave, of this process or another. */
  static fromBase64(text: string): KeptJson {
    return new KeptJson(Buffer.from(text, 'base64'));
  }

  toBase64(): string {
    return this.#deflated.toString('base64');
  }

  /** Bytes that it takes. */
  get size(): number {
    return this.#deflated.length;
  }

  /** The value's JSON. */
  async text(): Promise<string> {
    return (await inflate(this.#deflated)).toString();
  }
}
