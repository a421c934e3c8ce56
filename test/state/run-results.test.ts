import { expect, it } from 'vitest';
import { type ResultPage, RunResults } from '../../src/actions/run-results.ts';
import { PackedPages } from '../../src/results/kept-json.ts';
import { readRowPage } from '../../src/results/results.ts';
import { handleOf } from '../support/handles.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { scheduledQuery } from '../support/scheduled-query.ts';

it('logs dropped and repeated rows once per query over many runs', async () => {
  const log = new RecordingLog();
  let reads = 0;
  const results = new RunResults({
    log,
    runStates: {
      get: () => undefined,
      resultsRead: () => {
        reads += 1;
      },
    },
    contributors: () => ({ mirrorRows: 'keep', maxSeriesPerQuery: 500, roundTripTimeUnit: 'SECONDS' }),
  });
  const items = Array.from({ length: 150 }, (_, value) => ({ remoteIp: `10.0.0.${value}`, value }));
  const run = {
    window: { n: 1, start: 0, end: 900_000 },
    queryId: 'id',
    startedAt: 0,
    terminalAt: undefined,
    wantedAt: 0,
    covered: [],
    isUnconfirmed: false,
  };
  for (const name of ['a', 'b']) {
    const query = handleOf(scheduledQuery({ name }));
    for (let runs = 0; runs < 3; runs += 1) {
      const pages = new PackedPages<ResultPage>();
      await pages.add(readRowPage({ unit: 'Count', topContributors: items, nextToken: 'more' }));
      await pages.add(readRowPage({ unit: 'Count', topContributors: items }));
      await results.read(query, run, pages);
    }
  }
  expect(reads).toBe(6);
  const where = { account: 'default', aws_region: 'eu-west-1' };
  expect(log.events).toEqual(
    ['a', 'b'].flatMap((query) => [
      { level: 'warn', msg: 'repeated rows ignored', fields: { ...where, query, count: 150 } },
      { level: 'warn', msg: 'rows beyond limit dropped', fields: { ...where, query, count: 50, limit: 100 } },
    ]),
  );
});
