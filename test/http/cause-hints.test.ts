import { expect, test } from 'vitest';
import { explainFailure } from '../../src/cli/error-advice.ts';
import { errorHint } from '../../src/http/page/error-hints.ts';

const TYPE = 'monitor-top-contributors';

test.each([
  ['CredentialsError', 'role arn:x: DNS lookup failed: getaddrinfo ENOTFOUND sts.nfm.test', /DNS resolver/],
  [
    'CredentialsError',
    'proxy p.nfm.test:3128 (HTTPS_PROXY): DNS lookup failed: getaddrinfo EAI_AGAIN p',
    /DNS resolver/,
  ],
  ['CredentialsError', 'role arn:x: proxy p:1 (https_proxy) refused to connect to sts:443: HTTP 407', /NO_PROXY/],
  ['CredentialsError', 'profile x: socket hang up', /closed the connection/],
  ['NetworkError', 'read ECONNRESET', /closed the connection/],
  ['NetworkError', 'connect ECONNREFUSED 127.0.0.1:9', /accepts connections/],
  ['CredentialsError', 'no response within 1 s; set HttpPutResponseHopLimit to 2 or more', /limit/i],
] as const)('%s: %s has the hint for its cause', (error, message, hint) => {
  expect(errorHint(TYPE, { operation: 'status', error, message })).toMatch(hint);
  expect(explainFailure({ operation: 'GetCallerIdentity', error, message })).toMatch(hint);
});

test('keeps the hint of an error response that mentions a cause', () => {
  const failure = { operation: 'status', error: 'ValidationException', message: 'ECONNRESET is not a monitor' };
  expect(errorHint(TYPE, failure)).toMatch(/Correct the setting/);
});
