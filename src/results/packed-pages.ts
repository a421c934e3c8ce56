import { nextTurn } from '../lib/concurrency.ts';
import { KeptJson } from './kept-json.ts';

/**
 * Pages of an answer, kept until all have come. Hundreds of runs may be read at once, each page by page in its turn: as
 * objects their rows would take hundreds of megabytes.
 */
export class PackedPages<Page extends object> {
  readonly #pages: KeptJson[] = [];

  /** Adds a page, which is not held on to: plain data, the same once it has been JSON. */
  async add(page: Page): Promise<void> {
    // It has just been parsed: writing it is another block of the event loop.
    await nextTurn();
    this.#pages.push(await KeptJson.of(page));
  }

  /** All pages, in their order. Each is read in a turn of the event loop of its own. */
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
