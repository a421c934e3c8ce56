import type { Section } from './exposition.ts';
import { Chunk } from './gzip/chunk.ts';
import { type Sample, sampleLines } from './text.ts';

/** Sections whose samples are read again at each scrape. */
export class ScrapedSections {
  readonly #chunks: Chunk[] = [];

  add(family: Section['family'], samples: () => readonly Sample[]): Section {
    const chunk = new Chunk(() => sampleLines(family.name, samples()));
    this.#chunks.push(chunk);
    return { family, chunks: () => [chunk] };
  }

  /** Marks all samples as changed. */
  refresh(): void {
    for (const chunk of this.#chunks) {
      chunk.changed();
    }
  }
}
