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

  /** Bytes that it takes. */
  get size(): number {
    return this.#deflated.length;
  }

  /** The value's JSON. */
  async text(): Promise<string> {
    return (await inflate(this.#deflated)).toString();
  }
}
