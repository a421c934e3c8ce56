import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Exposition } from '../../src/metrics/exposition.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { processSections } from '../../src/metrics/process-sections.ts';
import { METRIC_NAMES, QUERY_STATUSES } from '../../src/model/vocabulary.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { ExposedWorld } from './exposed-world.ts';
import { readPage } from './page-grammar.ts';

/** Runs `promtool check metrics` of Debian's Prometheus 2.42 or later on a page with samples of all families. */
/** Families of an exporter without replicas. */
const OWN_FAMILIES = FAMILIES.map(({ name }) => name).filter((name) => !name.startsWith('aws_nfm_replica_'));

it('renders a page that promtool accepts', async () => {
  const world = new ExposedWorld();
  for (const [i, status] of QUERY_STATUSES.entries()) {
    world.register(watchedQuery({ name: `q-${i}`, labels: { team: 'a "b"\n\\c' } }));
    world.answer(i, status);
  }
  world.fail(0, 'TimeoutError');
  world.attempt(0, 'monitor-top-contributors', { seconds: 0.2, error: 'OtherError', up: false });
  world.identify(0, '111122223333');
  world.list(0, 'monitors', new Map([['checkout', 'ACTIVE']]));
  world.list(0, 'scopes', new Map([['scope', 'SUCCEEDED']]));
  for (const [i, metricName] of METRIC_NAMES.entries()) {
    world.register(scheduledQuery({ name: `s-${i}`, metricName }));
  }
  for (const [i, metricName] of METRIC_NAMES.filter((each) => each !== 'ROUND_TRIP_TIME').entries()) {
    const type = 'workload-insights-top-contributors-data';
    world.register(scheduledQuery({ name: `d-${i}`, type, metricName, monitorName: undefined, scopeId: 'scope' }));
  }
  for (let i = 0; i < 7; i += 1) {
    world.start(i, 'id "1"');
    world.results(i, [{ labels: [['remote_ip', '10.0.0.1']], value: 1.5 }], 0);
    world.end(i, 'succeeded', 4_000);
  }
  world.timeRun('monitor-top-contributors', 1, 4);
  const { sections, refresh } = processSections();
  const runtime = new Exposition(sections, refresh);
  await runtime.scrape({ format: 'text', gzip: false, groups: undefined });
  await wait(50);
  const page = Buffer.concat([
    await world.scrape(),
    ...(await runtime.scrape({ format: 'text', gzip: false, groups: undefined })),
  ]);
  const sampled = readPage(page, 'text').filter(({ samples }) => samples.length > 0);
  expect(sampled.map(({ name }) => name)).toEqual(expect.arrayContaining(OWN_FAMILIES));

  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: page,
    encoding: 'utf8',
  });
  expect(error, 'promtool must be there: apt-get install prometheus').toBeUndefined();
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
