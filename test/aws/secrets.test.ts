import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../src/aws/errors.ts';
import { withoutSecrets } from '../../src/aws/redaction.ts';
import { anyCharacter } from '../support/any-character.ts';
import { watchedQuery } from '../support/watched-query.ts';
import {
  answered,
  observedClient,
  type StatusAnswer,
  type StatusService,
  startStatusService,
} from './status-service.ts';

type Echo = (headers: Readonly<Record<string, unknown>>) => string;

const lines: Echo = (headers) =>
  Object.entries(headers)
    .map(([name, value]) => `${name}:${String(value)}`)
    .join('\n');

/** Forms in which services, gateways, and debugging proxies repeat a request in messages. */
const ECHOES: Readonly<Record<string, Echo>> = {
  'the canonical string of a wrong signature': (headers) =>
    `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/monitors/checkout\n\n${lines(headers)}\n\nhost;x-amz-date;x-amz-security-token\ne3b0c442'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260101T000000Z'\n`,
  'header lines': (headers) => `rejected request:\n${lines(headers)}`,
  'JSON of the headers': (headers) => `cannot accept ${JSON.stringify(headers)}`,
  'JSON within JSON': (headers) => `upstream said ${JSON.stringify(JSON.stringify({ headers }))}`,
  'JSON with escaped slashes': (headers) => JSON.stringify(headers).replaceAll('/', '\\/'),
  'a list for each header': (headers) =>
    JSON.stringify(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))),
  'a query string': (headers) =>
    `bad url /?X-Amz-Security-Token=${encodeURIComponent(String(headers['x-amz-security-token']))}&x=1`,
  'a dictionary of Python': (headers) =>
    `{${Object.entries(headers)
      .map(([name, value]) => `'${name}': '${String(value)}'`)
      .join(', ')}}`,
  'an element of XML': (headers) =>
    `<Error><SessionToken>${String(headers['x-amz-security-token'])}</SessionToken></Error>`,
  'the bare values': (headers) =>
    `token ${String(headers['x-amz-security-token'])} with ${String(headers['authorization'])} was refused`,
};

const REASONS: Readonly<Record<string, (echo: Echo) => StatusAnswer>> = {
  'an error message': (echo) => (response, request) =>
    answered(
      403,
      { message: echo(request.headers) },
      { 'x-amzn-errortype': 'InvalidSignatureException' },
    )(response, request),
  'an error that the model lacks': (echo) => (response, request) =>
    answered(400, { __type: 'SomethingOdd', Message: echo(request.headers) })(response, request),
  'a text that is not JSON': (echo) => (response, request) => answered(200, echo(request.headers))(response, request),
  'an unknown status': (echo) => (response, request) =>
    answered(200, { status: echo(request.headers) })(response, request),
};

const CASES = Object.entries(REASONS).flatMap(([reason, answerWith]) =>
  Object.entries(ECHOES).map(([form, echo], i) => ({
    reason,
    form,
    queryId: `${reason.replaceAll(' ', '-')}-${i}`,
    answer: answerWith(echo),
  })),
);

/** Session tokens, from short ones of tests to real ones with a thousand characters. */
const sessionToken = fc.stringMatching(/^[A-Za-z0-9+/]{12,400}={0,2}$/);

describe('a secret of a request', () => {
  const authorizations = new Map<string, string | undefined>();
  let service: StatusService;
  beforeAll(async () => {
    const answers = CASES.map(({ queryId, answer }): [string, StatusAnswer] => [
      queryId,
      (response, request) => {
        authorizations.set(queryId, request.headers.authorization);
        answer(response, request);
      },
    ]);
    service = await startStatusService(Object.fromEntries(answers));
  });
  afterAll(() => service.close());

  it.each(CASES)('is not in the message about $reason that repeats $form', async ({ queryId }) => {
    await fc.assert(
      fc.asyncProperty(sessionToken, async (token) => {
        const secretAccessKey = `secret/${token.slice(0, 12)}`;
        const { client, close } = observedClient(service.url, {
          credentials: async () => ({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey, sessionToken: token }),
        });
        const asked = client.queryStatus(watchedQuery({ queryId }), new AbortController().signal);
        const error: unknown = await asked.catch((thrown: unknown) => thrown);
        close();
        if (!(error instanceof ApiError)) {
          throw new Error('the call succeeded');
        }
        const [, signature = ''] = /Signature=(\w+)/.exec(authorizations.get(queryId) ?? '') ?? [];
        expect(signature).toHaveLength(64);
        for (const secret of [token, encodeURIComponent(token), token.slice(0, 12), signature, secretAccessKey]) {
          expect(error.message).not.toContain(secret);
        }
        expect(error.message.length).toBeLessThan(420);
        expect(error.message).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 8 },
    );
  });
});

describe('withoutSecrets', () => {
  it.each([
    ['Could not load credentials from any providers'],
    ['The security token included in the request is invalid'],
    ['The security token included in the request is expired'],
    ['Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z'],
    ['CredentialsProviderError: no EC2 metadata service'],
    ['Unexpected token \'<\', "<html><bod"... is not valid JSON'],
    [
      'User: arn:aws:sts::111122223333:assumed-role/nfm-read/i-0123 is not authorized to perform: networkflowmonitor:GetQueryStatusMonitorTopContributors on resource: arn:aws:networkflowmonitor:eu-west-1:111122223333:monitor/checkout',
    ],
    ['connect ECONNREFUSED 127.0.0.1:443'],
  ])('keeps useful text: %s', (message) => {
    expect(withoutSecrets(message)).toBe(message);
  });

  it.each([
    ['Authorization: Bearer CANARY', 'Authorization: …'],
    ['Proxy-Authorization: Basic CANARY=', 'Proxy-Authorization: …'],
    ['Authorization: AWS4-HMAC-SHA256 Credential=CANARY/x, Signature=CANARY', /^Authorization: …, Signature=…$/],
    ['connect to http://user:CANARY@proxy:3128 failed', 'connect to http://…@proxy:3128 failed'],
    ['connect to http://CANARY:p@ss@proxy:3128 failed', 'connect to http://…@proxy:3128 failed'],
    ['Command failed: helper --password CANARY --region eu-west-1', /^Command failed: helper --password … --region/],
    ['Command failed: helper --client-secret=CANARY x', /^Command failed: helper --client-secret=… x$/],
    ['{"SecretAccessKey": "CANARY", "SessionToken": "CANARY"}', '{"SecretAccessKey": …, "SessionToken": …}'],
    ['aws_secret_access_key = CANARY', 'aws_secret_access_key = …'],
  ])('removes %s', (message, shown) => {
    expect(withoutSecrets(message)).not.toContain('CANARY');
    if (typeof shown === 'string') {
      expect(withoutSecrets(message)).toBe(shown);
    } else {
      expect(withoutSecrets(message)).toMatch(shown);
    }
  });

  it('converts any text to one line of limited length, in limited time', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 2_000, size: 'max' }), (message) => {
        const shown = withoutSecrets(message);
        expect(shown.length).toBeLessThanOrEqual(301);
        expect(shown).not.toMatch(/[\r\n]/);
      }),
    );
    const startedAt = performance.now();
    for (const evil of ['token', 'secret-', '"\\', "token'\\\\", 'password = ', '--key', '//x', 'a@']) {
      withoutSecrets(evil.repeat(20_000));
    }
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
