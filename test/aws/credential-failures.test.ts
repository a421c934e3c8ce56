import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AccountCredentials } from '../../src/aws/credentials/account-credentials.ts';
import { BoundedHandler } from '../../src/aws/network/bounded-handler.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { setAwsEnvironment } from '../support/daemon.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { networkFor } from './local-network.ts';

const TOKEN = 'the-token-of-the-pod';
const NOBODY = 'http://127.0.0.1:9';

/** A server on an address of this machine until the test ends. */
async function serve(listener: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://${host}:${typeof address === 'object' ? address?.port : undefined}`;
}

function answer(status: number, body: string): RequestListener {
  return (_request, response) => response.writeHead(status).end(body);
}

/** The reason why a process with only these AWS settings gets no credentials. */
async function reason(
  variables: Readonly<Record<string, string>>,
  { profile, sts = NOBODY }: { readonly profile?: string; readonly sts?: string } = {},
): Promise<string> {
  setAwsEnvironment(variables);
  const handler = new BoundedHandler({ network: networkFor({}), clock: systemClock, timeout: 2_000 });
  const settings = { handler, region: 'eu-west-1', endpoint: sts };
  const credentials = new AccountCredentials(systemClock).of({ profile, role: undefined }, settings);
  const failure: unknown = await credentials.get('here').catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ name: 'CredentialsUnavailable' });
  return failure instanceof Error ? failure.message : '';
}

function file(content: string): string {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, content);
  return path;
}

describe('a container without credentials reports', () => {
  const agent = (url: string) => ({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file(TOKEN),
  });

  it.each([
    [500, 'unable to fetch credentials from EKS Auth: (ThrottlingException)'],
    [404, ''],
    [400, '{"code":"AccessDeniedException","message":"no association"}'],
    [429, 'too many requests'],
  ])('HTTP %i and the text of the agent', async (status, text) => {
    const url = await serve(answer(status, text), '127.0.0.5');
    expect(await reason(agent(url))).toBe(
      `container credentials: agent ${new URL(url).host}: HTTP ${status}${text === '' ? '' : `: ${text}`}`,
    );
  });

  it('a refused connection', async () => {
    expect(await reason(agent('http://127.0.0.5:9'))).toMatch(
      /^container credentials: .*connect ECONNREFUSED 127\.0\.0\.5:9$/,
    );
  });

  it('a closed connection', async () => {
    const url = await serve((request) => request.socket.destroy());
    expect(await reason(agent(url))).toMatch(/^container credentials: .*(ECONNRESET|socket hang up)/);
  });

  it('an agent that does not respond', async () => {
    expect(await reason(agent(await serve(() => undefined)))).toMatch(
      /^container credentials: .*no (complete response|response) within/,
    );
  });

  it.each(['', '{}', '[1]', 'null', '{"AccessKeyId":"a","SecretAccessKey":"b"}', '<html>'])(
    'a response without credentials: %s',
    async (body) => {
      expect(await reason(agent(await serve(answer(200, body))))).toMatch(
        /^container credentials: .*HTTP 200: expected JSON with/,
      );
    },
  );

  it('no token, and no secrets that the agent repeats', async () => {
    const url = await serve((request, response) =>
      response
        .writeHead(500)
        .end(`bad ${request.headers.authorization} {"SecretAccessKey":"a-secret-key","Token":"t0ken"}`),
    );
    const message = await reason(agent(url));
    expect(message).toContain('HTTP 500: bad');
    expect(message).not.toMatch(/the-token|a-secret-key|t0ken/);
  });

  it('an unreadable token file', async () => {
    const variables = { ...agent(NOBODY), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/nonexistent/token' };
    expect(await reason(variables)).toBe(
      'container credentials: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: cannot read /nonexistent/token: no such file or directory',
    );
    expect(await reason({ ...agent(NOBODY), AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/dev/zero' })).toBe(
      'container credentials: AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: cannot read /dev/zero: it is larger than 65536 bytes',
    );
  });

  it('a URL that would send the token to another machine in plain text', async () => {
    expect(await reason({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://192.0.2.1/x' })).toMatch(
      /^container credentials: AWS_CONTAINER_CREDENTIALS_FULL_URI: got http:\/\/192\.0\.2\.1, expected https/,
    );
  });
});

describe('an instance without credentials reports', () => {
  const metadata = (url: string) => ({
    AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    AWS_EC2_METADATA_DISABLED: 'false',
  });
  const PREFIX =
    'no provider is configured (environment, profile, web identity, container); instance metadata (IMDSv2): ';
  const HINT = "in a container, set the instance's HttpPutResponseHopLimit to 2 or more";

  it('no response, and the hop limit', async () => {
    expect(await reason(metadata(await serve(() => undefined)))).toBe(`${PREFIX}no response within 1 s; ${HINT}`);
  });

  it('the hop limit if only the token gets no response', async () => {
    const url = await serve((request, response) => request.method !== 'PUT' && response.writeHead(401).end());
    expect(await reason(metadata(url))).toBe(`${PREFIX}HTTP 401; ${HINT}`);
  });

  it('a refused connection', async () => {
    expect(await reason(metadata(NOBODY))).toBe(`${PREFIX}ECONNREFUSED 127.0.0.1:9`);
  });

  it.each([
    [404, 'HTTP 404: the instance has no IAM role'],
    [500, 'HTTP 500'],
  ])('HTTP %i', async (status, text) => {
    expect(await reason(metadata(await serve(answer(status, ''))))).toBe(PREFIX + text);
  });

  it('that it is disabled', async () => {
    expect(await reason({ AWS_EC2_METADATA_DISABLED: 'true' })).toMatch(
      /^no provider is configured .*, and AWS_EC2_METADATA_DISABLED is set$/,
    );
  });
});

describe('half an environment reports', () => {
  it.each([
    [{ AWS_ACCESS_KEY_ID: 'AKIAX' }, 'environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not'],
    [{ AWS_SECRET_ACCESS_KEY: 'secret' }, 'environment: AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not'],
    [
      { AWS_WEB_IDENTITY_TOKEN_FILE: '/t' },
      'web identity: AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not',
    ],
  ])('%j', async (variables, text) => {
    expect(await reason({ ...variables, AWS_EC2_METADATA_DISABLED: 'true' })).toBe(text);
  });
});

describe('a web identity reports', () => {
  const ROLE = 'arn:aws:iam::111122223333:role/pod';

  it('a token file that is missing', async () => {
    const variables = { AWS_WEB_IDENTITY_TOKEN_FILE: '/nonexistent/token', AWS_ROLE_ARN: ROLE };
    expect(await reason(variables)).toMatch(
      /^web identity: .*\/nonexistent\/token.*no such file|no such file.*\/nonexistent\/token/,
    );
  });

  it.each(['AccessDenied', 'ExpiredTokenException', 'InvalidIdentityToken'])('%s of STS', async (code) => {
    const sts = await serve(
      answer(
        403,
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>not you</Message></Error></ErrorResponse>`,
      ),
    );
    const variables = { AWS_WEB_IDENTITY_TOKEN_FILE: file(TOKEN), AWS_ROLE_ARN: ROLE };
    const message = await reason(variables, { sts });
    expect(message).toMatch(/^web identity: .*HTTP 403: not you/);
    expect(message).not.toContain(TOKEN);
  });
});

describe('a profile reports', () => {
  const shared = (...lines: readonly string[]) => ({
    AWS_CONFIG_FILE: file(`${lines.join('\n')}\n`),
    AWS_SHARED_CREDENTIALS_FILE: file(''),
    AWS_EC2_METADATA_DISABLED: 'true',
  });

  it('that it is missing, and the files', async () => {
    const variables = shared('[profile other]', 'region = eu-west-1');
    const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = variables;
    const text = `profile team: the profile was not found in ${AWS_CONFIG_FILE} or ${AWS_SHARED_CREDENTIALS_FILE}`;
    expect(await reason(variables, { profile: 'team' })).toBe(text);
    expect(await reason({ ...variables, AWS_PROFILE: 'team' })).toBe(text);
  });

  it('files that are missing', async () => {
    const variables = {
      AWS_CONFIG_FILE: '/nonexistent/config',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    };
    expect(await reason(variables, { profile: 'team' })).toBe(
      'profile team: the profile was not found: cannot read /nonexistent/config: no such file or directory; cannot read /nonexistent/credentials: no such file or directory',
    );
  });

  it('half a key', async () => {
    const variables = shared('[default]', 'aws_access_key_id = AKIAX');
    expect(await reason(variables)).toBe('profile default: aws_access_key_id is set, but aws_secret_access_key is not');
  });

  it('a loop of sources', async () => {
    const role = 'role_arn = arn:aws:iam::111122223333:role/x';
    const variables = shared('[profile a]', role, 'source_profile = b', '[profile b]', role, 'source_profile = a');
    expect(await reason(variables, { profile: 'a' })).toMatch(/^profile a: .*cycle.*b, a/);
  });

  it('a single sign-on without a session', async () => {
    const variables = shared(
      '[profile sso]',
      'sso_start_url = https://example.com/start',
      'sso_region = eu-west-1',
      'sso_account_id = 111122223333',
      'sso_role_name = reader',
    );
    expect(await reason(variables, { profile: 'sso' })).toMatch(/^profile sso: .*SSO session.*aws sso login/);
  });

  it.each([
    ['exits with an error', 'echo no vault >&2; exit 3', /no vault/],
    ['prints no JSON', 'echo nothing', /invalid JSON/],
  ])('a credential_process that %s', async (_what, script, text) => {
    const program = file(`#!/bin/sh\n${script}\n`);
    chmodSync(program, 0o755);
    expect(await reason(shared('[default]', `credential_process = ${program}`))).toMatch(
      new RegExp(`^profile default: .*${text.source}`),
    );
  });
});
