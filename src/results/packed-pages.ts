import { nextTurn } from '../lib/concurrency.ts';
import { KeptJson } from './kept-json.ts';

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
