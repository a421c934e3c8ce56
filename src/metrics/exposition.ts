import { nextTurn } from '../lib/concurrency.ts';
import type { Family, MetricGroup } from './families.ts';
import { Chunk, gzipStream, join, type Packed, remembering } from './gzip/chunk.ts';
import { type ExpositionFormat, headerLines, type Sample, sampleLines } from './text.ts';

export interface Section {
  readonly family: Pick<Family, 'name' | 'type' | 'help' | 'group'>;
  /** Chunks in the order of the exposition. The text of a chunk is empty or has whole lines. */
  chunks(): readonly Chunk[];
}

/** Returns a section whose samples are read again at each scrape. */
export function scrapedSection(family: Section['family'], samples: () => readonly Sample[]): Section {
  return { family, chunks: () => [new Chunk(() => sampleLines(family.name, samples()))] };
}

export interface ScrapeRequest {
  readonly format: ExpositionFormat;
  readonly gzip: boolean;
  /** Undefined: all groups. */
  readonly groups: ReadonlySet<MetricGroup> | undefined;
}

interface Block {
  readonly section: Section;
  readonly headers: Readonly<Record<ExpositionFormat, Chunk>>;
  readonly join: (parts: readonly Packed[]) => Packed;
}

/** Chunks to render and compress at once. Between these slices, the event loop does other work. */
const CHUNKS_AT_ONCE = 16;

/** The metrics page. The cost of a scrape depends on changes since the last scrape, not on the number of series. */
export class Exposition {
  readonly #blocks: readonly Block[];
  readonly #end = new Chunk(() => '# EOF\n');
  readonly #refresh: (groups: ScrapeRequest['groups']) => Promise<void>;
  readonly #isShown: (family: Section['family']) => boolean;

  /**
   * @param refresh updates the sections of the requested groups before a scrape
   * @param isShown whether a family is exported now
   */
  constructor(
    sections: readonly Section[],
    refresh: (groups: ScrapeRequest['groups']) => Promise<void>,
    isShown: (family: Section['family']) => boolean = () => true,
  ) {
    this.#refresh = refresh;
    this.#isShown = isShown;
    this.#blocks = sections.map((section) => ({
      section,
      headers: {
        text: new Chunk(() => headerLines(section.family, 'text')),
        openmetrics: new Chunk(() => headerLines(section.family, 'openmetrics')),
      },
      join: remembering(join),
    }));
  }

  /** Renders and compresses all sections before the first scrape, in the shortest slices because nothing waits. */
  async prepare(): Promise<void> {
    for (const block of this.#blocks) {
      await packedSection(block, 1);
    }
  }

  /** Returns the parts of the body, compressed as one gzip stream if requested. */
  async scrape(request: ScrapeRequest): Promise<readonly Buffer[]> {
    const { format, gzip, groups } = request;
    await this.#refresh(groups);
    const blocks = this.#blocks.filter(
      ({ section: { family } }) => this.#isShown(family) && (groups === undefined || groups.has(family.group)),
    );
    const end = format === 'openmetrics' ? [this.#end] : [];
    if (!gzip) {
      const parts: Buffer[] = [];
      for (const block of blocks) {
        parts.push(block.headers[format].text());
        for (const group of inGroups(block.section.chunks(), CHUNKS_AT_ONCE)) {
          for (const chunk of group) {
            parts.push(chunk.text());
          }
          await nextTurn();
        }
      }
      return [...parts, ...end.map((chunk) => chunk.text())];
    }
    const parts: Packed[] = [];
    for (const block of blocks) {
      parts.push(block.headers[format].packed(), await packedSection(block, CHUNKS_AT_ONCE));
    }
    return gzipStream([...parts, ...end.map((chunk) => chunk.packed())]);
  }
}

async function packedSection({ section, join: joined }: Block, chunksAtOnce: number): Promise<Packed> {
  const parts: Packed[] = [];
  for (const group of inGroups(section.chunks(), chunksAtOnce)) {
    const isKnown = group.every((chunk) => chunk.isPacked);
    for (const chunk of group) {
      parts.push(chunk.packed());
    }
    if (!isKnown) {
      await nextTurn();
    }
  }
  return joined(parts);
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
