import {
  GetMonitorCommand,
  GetQueryResultsMonitorTopContributorsCommand,
  GetQueryResultsWorkloadInsightsTopContributorsDataCommand,
  GetQueryStatusMonitorTopContributorsCommand,
} from '@aws-sdk/client-networkflowmonitor';
import { expect, test } from 'vitest';
import { type Answer, clientOf, serve } from './service.ts';

// The README lists these for both clients, and why the exporter has a protocol of its own.

async function status(answer: Answer, config = {}) {
  const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  return clientOf(await serve(answer), config).send(command);
}

test.each(['[]', '42', '"x"'])('returns %s as an empty response', async (body) => {
  const { $metadata, ...members } = await status({ body });
  expect(members).toEqual({});
});

test('rejects a body that is not JSON with a SyntaxError, also that of an error', async () => {
  await expect(status({ body: '<html>' })).rejects.toThrow(SyntaxError);
  await expect(status({ status: 403, body: '<html>' })).rejects.toThrow(SyntaxError);
});

test('returns a list in place of an object as an empty object', async () => {
  const command = new GetQueryResultsMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  const { topContributors } = await clientOf(await serve({ body: { topContributors: [[1]] } })).send(command);
  expect(topContributors).toEqual([{}]);
});

test('reads a timestamp in the format of the model only', async () => {
  const monitor = async (body: object) =>
    clientOf(await serve({ body })).send(new GetMonitorCommand({ monitorName: 'Demo' }));
  await expect(monitor({ createdAt: 1e9 })).resolves.toMatchObject({ createdAt: new Date(1e12) });
  await expect(monitor({ createdAt: '2001-09-09T01:46:40Z' })).rejects.toThrow(TypeError);
  expect((await monitor({ createdAt: 1e300 })).createdAt?.getTime()).toBeNaN();

  const command = new GetQueryResultsWorkloadInsightsTopContributorsDataCommand({ scopeId: 's', queryId: 'q' });
  const series = async (timestamp: unknown) =>
    clientOf(await serve({ body: { datapoints: [{ timestamps: [timestamp] }] } })).send(command);
  await expect(series('2001-09-09T01:46:40Z')).resolves.toMatchObject({
    datapoints: [{ timestamps: [new Date(1e12)] }],
  });
  await expect(series(1e9)).rejects.toThrow(TypeError);
});

test('retries an error whose body has $retryable, and names it by a numeric code', async () => {
  const service = await serve({ status: 400, body: { code: 12, message: 'no', $retryable: {} } }, { body: {} });
  const command = new GetQueryStatusMonitorTopContributorsCommand({ monitorName: 'Demo', queryId: 'q' });
  await clientOf(service, { maxAttempts: 2 }).send(command);
  expect(service.received).toHaveLength(2);
  await expect(status({ status: 400, body: { code: 12, message: 'no' } })).rejects.toMatchObject({ name: '12' });
});
