import {
  type NetworkFlowMonitorPaginationConfiguration,
  paginateGetQueryResultsMonitorTopContributors,
  paginateGetQueryResultsWorkloadInsightsTopContributors,
  paginateGetQueryResultsWorkloadInsightsTopContributorsData,
  paginateListMonitors,
  paginateListScopes,
} from '@aws-sdk/client-networkflowmonitor';
import { describe, expect, test } from 'vitest';
import { clientOf, serve } from './service.ts';

const PAGINATORS: {
  name: string;
  paginate: (config: NetworkFlowMonitorPaginationConfiguration) => AsyncIterable<object>;
  path: string;
  items: string;
}[] = [
  {
    name: 'GetQueryResultsMonitorTopContributors',
    paginate: (config) => paginateGetQueryResultsMonitorTopContributors(config, { monitorName: 'Demo', queryId: 'q' }),
    path: '/monitors/Demo/topContributorsQueries/q/results',
    items: 'topContributors',
  },
  {
    name: 'GetQueryResultsWorkloadInsightsTopContributors',
    paginate: (config) =>
      paginateGetQueryResultsWorkloadInsightsTopContributors(config, { scopeId: 's', queryId: 'q' }),
    path: '/workloadInsights/s/topContributorsQueries/q/results',
    items: 'topContributors',
  },
  {
    name: 'GetQueryResultsWorkloadInsightsTopContributorsData',
    paginate: (config) =>
      paginateGetQueryResultsWorkloadInsightsTopContributorsData(config, { scopeId: 's', queryId: 'q' }),
    path: '/workloadInsights/s/topContributorsDataQueries/q/results',
    items: 'datapoints',
  },
  {
    name: 'ListMonitors',
    paginate: (config) => paginateListMonitors(config, {}),
    path: '/monitors',
    items: 'monitors',
  },
  { name: 'ListScopes', paginate: (config) => paginateListScopes(config, {}), path: '/scopes', items: 'scopes' },
];

describe.each(PAGINATORS)('$name', ({ paginate, path, items }) => {
  test('reads all pages, including an empty one with a token', async () => {
    const service = await serve(
      { body: { [items]: [{}], nextToken: 'b' } },
      { body: { [items]: [], nextToken: 'c/=' } },
      { body: { [items]: [{}, {}] } },
    );
    const lengths: unknown[] = [];
    for await (const page of paginate({ client: clientOf(service), pageSize: 2 })) {
      const rows: unknown = Reflect.get(page, items);
      lengths.push(Array.isArray(rows) ? rows.length : rows);
    }
    expect(lengths).toEqual([1, 0, 2]);
    expect(service.received.map(({ target }) => target)).toEqual([
      `${path}?maxResults=2`,
      `${path}?maxResults=2&nextToken=b`,
      `${path}?maxResults=2&nextToken=c%2F%3D`,
    ]);
  });

  test('ends after a page whose token is null or ""', async () => {
    for (const nextToken of [null, '']) {
      const service = await serve({ body: { [items]: [], nextToken } });
      let pages = 0;
      for await (const _ of paginate({ client: clientOf(service) })) {
        pages += 1;
      }
      expect([pages, service.received.map(({ target }) => target)]).toEqual([1, [path]]);
    }
  });

  test('ends with an error', async () => {
    const service = await serve(
      { body: { nextToken: 'b' } },
      { status: 400, headers: { 'x-amzn-errortype': 'ValidationException' }, body: { message: 'stale token' } },
    );
    const pages = paginate({ client: clientOf(service) })[Symbol.asyncIterator]();
    await expect(pages.next()).resolves.toMatchObject({ done: false });
    await expect(pages.next()).rejects.toMatchObject({ name: 'ValidationException', message: 'stale token' });
  });
});
