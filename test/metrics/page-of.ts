import { Exposition, type Section } from '../../src/metrics/exposition.ts';

/** Returns a function that scrapes sections as text. `refresh` is called at the start of each scrape. */
export function pageOf(sections: readonly Section[], refresh: () => void): () => Promise<string> {
  const exposition = new Exposition(sections, async () => refresh());
  return async () => {
    const parts = await exposition.scrape({ format: 'text', gzip: false, groups: undefined });
    return Buffer.concat(parts).toString();
  };
}
