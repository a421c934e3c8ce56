import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError } from '../../src/aws/errors.ts';
import { watchedQuery } from '../support/watched-query.ts';
import { CREDENTIALS, observedClient, refused, type StatusService, startStatusService } from './status-service.ts';

const REFUSALS: readonly [name: string, status: number, refusesCredentials: boolean][] = [
  ['ExpiredTokenException', 403, true],
  ['UnrecognizedClientException', 403, true],
  ['InvalidSignatureException', 403, false],
  ['MissingAuthenticationTokenException', 403, false],
  ['AccessDeniedException', 403, false],
  ['ThrottlingException', 429, false],
  ['ResourceNotFoundException', 404, false],
  ['InvalidClientTokenId', 403, true],
  ['ExpiredToken', 403, true],
  ['InvalidToken', 400, true],
];
/** Errors after successful authentication. */
const ACCEPTING = ['AccessDeniedException', 'ResourceNotFoundException'];

let service: StatusService;
beforeAll(async () => {
  service = await startStatusService(
    Object.fromEntries(REFUSALS.map(([name, status]) => [name, refused(name, status)])),
  );
});
afterAll(() => service.close());

test.for(REFUSALS)(
  'reports the verdict of %s (%i) to the credentials: %s',
  async ([name, , expected], { onTestFinished }) => {
    const { client, verdicts, close } = observedClient(service.url);
    onTestFinished(close);
    const call = client.queryStatus(watchedQuery({ queryId: name }), new AbortController().signal);
    await expect(call).rejects.toThrow(ApiError);
    const verdict = expected ? 'refused' : ACCEPTING.includes(name) ? 'accepted' : undefined;
    expect(verdicts).toEqual(verdict === undefined ? [] : [`default eu-west-1: ${verdict} ${CREDENTIALS.accessKeyId}`]);
  },
);
