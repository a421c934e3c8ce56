import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import pLimit from 'p-limit';
import { nextTurn } from '../lib/concurrency.ts';

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

/** Compressed pages of results. As objects, the rows of hundreds of runs would use hundreds of megabytes. */
export class PackedPages<Page extends object> {
  readonly #pages: KeptJson[] = [];

  /** Adds a page of plain JSON data. Keeps no reference to it. */
  async add(page: Page): Promise<void> {
    // Parsing has just blocked the event loop. Serialization blocks it again.
    await nextTurn();
    this.#pages.push(await KeptJson.of(page));
  }

  /** Returns all pages in order. Parses each in its own turn of the event loop. */
  async unpack(): Promise<Page[]> {
    const pages: Page[] = [];
    for (const text of await Promise.all(this.#pages.map((page) => page.text()))) {
      await nextTurn();
      pages.push(JSON.parse(text));
    }
    await nextTurn();
    return pages;
  }
}
