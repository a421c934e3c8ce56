import { describe, expect, it } from 'vitest';
import { Exposition, type ScrapeRequest } from '../../src/metrics/exposition.ts';
import { Chunk } from '../../src/metrics/gzip/chunk.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { ExposedWorld } from './exposed-world.ts';
import { gunzipSingleMember } from './gzip.ts';

const PLAIN: ScrapeRequest = { format: 'text', gzip: false, groups: undefined };
const FORMS: readonly ScrapeRequest[] = [PLAIN, { ...PLAIN, format: 'openmetrics' }];

/** An exposition of `count` chunks, with the number of times that each was rendered. */
function counted(count = 3) {
  const renders = Array.from({ length: count }, () => 0);
  const chunks = renders.map(
    (_, i) =>
      new Chunk(() => {
        renders[i] = (renders[i] ?? 0) + 1;
        return `up{chunk="${i}",render="${renders[i]}"} 1\n`;
      }),
  );
  const family = { name: 'up', type: 'gauge', help: 'Whether.', group: 'queries' } as const;
  const exposition = new Exposition([{ family, chunks: () => chunks }], async () => undefined);
  return { renders, chunks, exposition };
}

describe.each([
  ['plain', false],
  ['compressed', true],
])('the cost of a %s scrape', (_, gzip) => {
  it('renders nothing in any format if nothing has changed', async () => {
    const { renders, exposition } = counted();
    for (let i = 0; i < 3; i += 1) {
      for (const request of FORMS) {
        await exposition.scrape({ ...request, gzip });
      }
    }
    expect(renders).toEqual([1, 1, 1]);
  });

  it('renders what has changed once, even after several changes', async () => {
    const { renders, chunks, exposition } = counted();
    await exposition.scrape({ ...PLAIN, gzip });
    for (let i = 0; i < 10; i += 1) {
      chunks[1]?.changed();
    }
    expect(renders).toEqual([1, 1, 1]);
    await exposition.scrape({ ...PLAIN, gzip });
    await exposition.scrape({ ...PLAIN, gzip });
    expect(renders).toEqual([1, 2, 1]);
  });

  it('is shared by simultaneous scrapes', async () => {
    const { renders, exposition } = counted();
    await Promise.all(Array.from({ length: 5 }, () => exposition.scrape({ ...PLAIN, gzip })));
    expect(renders).toEqual([1, 1, 1]);
  });

  it('renders only the two families that a poll changes, for groups of 64 queries', async () => {
    const world = new ExposedWorld();
    for (let i = 0; i < 640; i += 1) {
      world.register(watchedQuery({ name: `q-${i}` }));
      world.answer(i, 'RUNNING');
    }
    const request = { gzip, groups: new Set(['queries'] as const) };
    /** Counts the texts that were rendered since the last scrape, without the ends of a gzip stream. */
    let before: ReadonlySet<Buffer> = new Set();
    const renderedParts = async () => {
      const parts = await world.scrapeParts(request);
      const made = parts.filter((part) => part.length > 12 && !before.has(part)).length;
      before = new Set(parts);
      return made;
    };
    expect(await renderedParts()).toBeGreaterThan(10);
    expect(await renderedParts()).toBe(0);

    await world.clock.advance(1_000);
    world.answer(70, 'RUNNING');
    world.answer(80, 'RUNNING');
    expect(await renderedParts()).toBe(2); // polls_total and last_success_timestamp_seconds

    world.answer(600, 'SUCCEEDED');
    expect(await renderedParts()).toBe(4); // status and status_since_timestamp_seconds besides

    world.fail(600, 'TimeoutError');
    expect(await renderedParts()).toBe(4); // up, last_error, polls_total and poll_errors_total

    // All are stale except 70 and 80, which were polled later, and 600. The remaining lines of status and status_since are in
    // two chunks each, and a gzip stream joins the chunks of a family.
    await world.clock.advance(300_000);
    expect(await renderedParts()).toBe(gzip ? 2 : 4);
    expect(await renderedParts()).toBe(0);
  });
});

describe('a compressed scrape', () => {
  it('lets other work run between slices of what has changed', async () => {
    const { exposition } = counted(64);
    const turnsOfScrape = async () => {
      let turns = 0;
      let hasEnded = false;
      const count = () => {
        if (!hasEnded) {
          turns += 1;
          setImmediate(count);
        }
      };
      setImmediate(count);
      await exposition.scrape({ ...PLAIN, gzip: true });
      hasEnded = true;
      return turns;
    };
    expect(await turnsOfScrape()).toBeGreaterThanOrEqual(3);
    expect(await turnsOfScrape(), 'nothing has changed').toBe(0);
  });

  it('compresses the short texts of a small page together', async () => {
    const world = new ExposedWorld();
    world.register(watchedQuery({ name: 'q' }));
    const plain = await world.scrape();
    const compressed = await world.scrape({ gzip: true });
    expect(compressed.length).toBeLessThan(plain.length / 5);
  });
});

describe('the cost of the first scrape', () => {
  const request = { ...PLAIN, gzip: true };

  it('renders only what has changed since the preparation', async () => {
    const { renders, chunks, exposition } = counted();
    await exposition.prepare();
    expect(renders).toEqual([1, 1, 1]);
    chunks[2]?.changed();

    const parts = await exposition.scrape({ ...request, format: 'openmetrics' });

    expect(renders).toEqual([1, 1, 2]);
    expect(gunzipSingleMember(Buffer.concat(parts)).toString()).toContain('up{chunk="2",render="2"} 1');
  });

  it('is not increased by a simultaneous preparation', async () => {
    const { renders, exposition } = counted();
    await Promise.all([exposition.prepare(), exposition.scrape(request)]);
    expect(renders).toEqual([1, 1, 1]);
  });
});
