import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { QUERY_STATUSES } from '../../src/api/client.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { processSections } from '../../src/metrics/process-sections.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { ExposedWorld } from './exposed-world.ts';
import { readPage } from './page-grammar.ts';

/** What Debian's Prometheus 2.42 and later know as `promtool check metrics`, over a page with samples of all families. */
it('promtool has nothing to say on the page', async () => {
  const world = new ExposedWorld();
  for (const [i, status] of QUERY_STATUSES.entries()) {
    world.register(watchedQuery({ name: `q-${i}`, labels: { team: 'a "b"\n\\c' } }));
    world.answer(i, status);
  }
  world.fail(0, 'TimeoutError');
  world.attempt(0, 'monitor-top-contributors', { seconds: 0.2, error: 'OtherError', up: false });
  world.identify(0, '111122223333');
  const { sections, refresh } = processSections();
  const runtime = new Exposition(sections, refresh);
  await runtime.scrape({ format: 'text', gzip: false, groups: undefined });
  await wait(50);
  const page = Buffer.concat([
    await world.scrape(),
    ...(await runtime.scrape({ format: 'text', gzip: false, groups: undefined })),
  ]);
  const sampled = readPage(page, 'text').filter(({ samples }) => samples.length > 0);
  expect(sampled.map(({ name }) => name)).toEqual(expect.arrayContaining(FAMILIES.map(({ name }) => name)));

  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  expect(error, 'promtool must be there: apt-get install prometheus').toBeUndefined();
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
