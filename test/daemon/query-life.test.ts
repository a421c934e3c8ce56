import { beforeAll, describe, expect, test } from 'vitest';
import { type QueryAnswer, runDaemon, setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { patientClock as clock } from '../support/patient-clock.ts';
import { runSimulator } from '../support/simulated-service.ts';

const PARENTS = {
  'monitor-top-contributors': { monitorName: 'checkout' },
  'workload-insights-top-contributors': { scopeId: 'scope-1' },
  'workload-insights-top-contributors-data': { scopeId: 'scope-1' },
};
const OUTCOMES = ['SUCCEEDED', 'FAILED', 'CANCELED'];
const LIVES = Object.entries(PARENTS).flatMap(([type, parent]) =>
  OUTCOMES.map((outcome) => ({
    name: `${type}.${outcome}`,
    type,
    outcome,
    parent,
    queryId: `id of ${type}/${outcome}`,
  })),
);
/** Above the interval, so that polls see each status. */
const PHASE_MS = 1_500;

interface Sighting {
  readonly exported: string | undefined;
  readonly answered: QueryAnswer;
  readonly since: number | undefined;
}

beforeAll(() => setAwsEnvironment(TEST_CREDENTIALS));

describe('the life of a watched query', () => {
  test('is visible from QUEUED to its end in metrics, API, and status page, for each type and outcome', async (scope) => {
    const simulator = await runSimulator(
      scope,
      {
        queries: LIVES.map(({ type, outcome, parent, queryId }) => ({
          ...parent,
          type,
          outcome,
          queryId,
          region: 'us-east-1',
          queuedFor: `${PHASE_MS}ms`,
          runningFor: `${PHASE_MS}ms`,
        })),
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: simulator.url, stsEndpoint: simulator.url, requestsPerSecond: 100 },
        polling: { interval: '500ms' },
        queries: LIVES.map(({ name, type, parent, queryId }) => ({ ...parent, name, type, queryId })),
      },
      { clock },
    );

    const seen = new Map<string, Sighting[]>(LIVES.map(({ name }) => [name, []]));
    const look = async () => {
      // On a busy machine, the responses take longer than a status lasts.
      const letGo = clock.hold();
      const page = await daemon.metrics('queries');
      for (const { name } of LIVES) {
        const answered = await daemon.query(name);
        const since = page.value('aws_nfm_query_status_since_timestamp_seconds', { query: name });
        seen.get(name)?.push({ exported: page.status(name), answered, since });
      }
      letGo();
    };
    const begin = clock.monotonic();
    while (clock.monotonic() - begin < 2 * PHASE_MS + 1_000) {
      await look();
      await clock.pause(200);
    }

    const polled = simulator.arrivals().length;
    await clock.pause(1_500);
    await look();
    expect(simulator.arrivals(), 'attempts after all queries were terminal').toHaveLength(polled);

    const page = await daemon.metrics();
    const statusPage = (await daemon.text('/')).body;
    for (const { name, type, outcome, queryId } of LIVES) {
      const sightings = seen.get(name) ?? [];
      const changes = sightings
        .map(({ exported }) => exported)
        .filter((status, i, all) => status !== undefined && status !== all[i - 1]);
      expect(changes, name).toEqual(['QUEUED', 'RUNNING', outcome]);

      const answered = sightings.map(({ answered: { status } }) => status);
      expect(answered.filter((status, i) => status !== null && status !== answered[i - 1])).toEqual(changes);
      const starts = sightings.map(({ since }) => since).filter((since) => since !== undefined);
      expect(new Set(starts).size, `moments at which ${name} changed`).toBe(3);

      const end = sightings.at(-1)?.answered;
      expect(end).toMatchObject({ name, status: outcome, up: true, lastError: null, nextPoll: null });
      expect(Date.parse(end?.statusSince ?? '') / 1_000).toBe(starts.at(-1));
      expect(Date.parse(end?.lastSuccess ?? '')).toBe(Date.parse(end?.statusSince ?? ''));
      expect(page.value('aws_nfm_query_last_success_timestamp_seconds', { query: name })).toBe(starts.at(-1));

      const polls = simulator.arrivals(queryId).length;
      expect(page.value('aws_nfm_query_polls_total', { query: name })).toBe(polls);
      expect(page.value('aws_nfm_query_poll_errors_total', { query: name })).toBe(0);
      expect(page.value('aws_nfm_query_up', { query: name })).toBe(1);
      expect(page.lastError(name)).toBeUndefined();
      expect(page.value('aws_nfm_query_info', { query: name, query_type: type, query_id: queryId })).toBe(1);

      const row = statusPage.split('<tr>').find((each) => each.includes(`>${name}</a>`)) ?? '';
      expect(row, `the status page's row of ${name}`).toMatch(new RegExp(`<span class="badge \\w+">${outcome}</span>`));
    }
    expect(page.value('aws_nfm_api_planned_requests_per_second', { account: 'default' })).toBe(0);
    expect(page.value('aws_nfm_api_up', { account: 'default' })).toBe(1);
    expect(page.apiErrors('default')).toEqual({});
    for (const type of Object.keys(PARENTS)) {
      const ofType = LIVES.filter((life) => life.type === type);
      const made = ofType.reduce((sum, { queryId }) => sum + simulator.arrivals(queryId).length, 0);
      const [operation] = simulator.requests.filter(({ queryId }) => queryId === ofType[0]?.queryId);
      expect(page.value('aws_nfm_api_requests_total', { operation: operation?.operation ?? '' })).toBe(made);
    }
  });

  test('can end at the first poll, with a single call', async (scope) => {
    const simulator = await runSimulator(
      scope,
      {
        queries: [
          {
            type: 'monitor-top-contributors',
            monitorName: 'checkout',
            region: 'us-east-1',
            queryId: 'ended',
            queuedFor: 0,
            runningFor: 0,
          },
        ],
      },
      { clock },
    );
    const daemon = await runDaemon(
      scope,
      {
        aws: { endpoint: simulator.url, stsEndpoint: simulator.url },
        polling: { interval: '200ms' },
        queries: [{ name: 'ended', monitorName: 'checkout', queryId: 'ended' }],
      },
      { clock },
    );
    await clock.pause(1_500);
    expect(simulator.arrivals('ended')).toHaveLength(1);
    expect((await daemon.metrics()).status('ended')).toBe('SUCCEEDED');
  });
});
