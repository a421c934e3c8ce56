import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '../../src/api/errors.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { observedClient, refused, type StatusService, startStatusService } from './status-service.ts';

const REFUSALS: readonly [name: string, status: number, refusesCredentials: boolean][] = [
  ['ExpiredTokenException', 403, true],
  ['UnrecognizedClientException', 403, true],
  ['InvalidSignatureException', 403, false],
  ['MissingAuthenticationTokenException', 403, false],
  ['AccessDeniedException', 403, false],
  ['ThrottlingException', 429, false],
  ['ResourceNotFoundException', 404, false],
];

let service: StatusService;
beforeAll(async () => {
  service = await startStatusService(
    Object.fromEntries(REFUSALS.map(([name, status]) => [name, refused(name, status)])),
  );
});
afterAll(() => service.close());

test.for(REFUSALS)('the credentials are told of %s (%i): %s', async ([name, , expected], { onTestFinished }) => {
  const { client, refusedCredentials, close } = observedClient(service.url);
  onTestFinished(close);
  const call = client.queryStatus(watchedQuery({ queryId: name }), new AbortController().signal);
  await expect(call).rejects.toThrow(ApiError);
  expect(refusedCredentials()).toBe(expected ? 1 : 0);
});
