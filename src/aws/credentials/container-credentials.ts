import { HttpRequest } from '@smithy/core/protocols';
import { readAtMost } from '../../lib/bounded-file.ts';
import type { Clock } from '../../lib/clock.ts';
import { complete, members, parsedJson, textOf } from '../../lib/json-values.ts';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';
import { CredentialsUnavailable, describeFailure } from '../errors.ts';
import type { BoundedHandler } from '../network/bounded-handler.ts';
import { withoutSecrets } from '../redaction.ts';
import type { AwsCredentials } from './credentials.ts';

const FULL_URI = 'AWS_CONTAINER_CREDENTIALS_FULL_URI';
const RELATIVE_URI = 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI';
const TOKEN_FILE = 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE';
const TOKEN = 'AWS_CONTAINER_AUTHORIZATION_TOKEN';

const RELATIVE_TO = 'http://169.254.170.2';
/** The agents of ECS and EKS, and this machine, to which plain HTTP is safe. */
const PLAIN_HOSTS = /^(169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\]|\[::1\]|localhost|127(\.\d{1,3}){3})$/;
/** The agent runs on the same machine. */
const TIMEOUT_MS = 5_000;
const LONGEST_TEXT = 200;

export function isContainerConfigured(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env[FULL_URI] || env[RELATIVE_URI]);
}

/**
 * Fetches the credentials of a container from the agent of ECS or EKS Pod Identity. The SDK's own provider drops the
 * text of the response, and then reports the failure of an older provider that is not configured.
 * @throws CredentialsUnavailable with the response of the agent
 */
export async function containerCredentials(
  env: NodeJS.ProcessEnv,
  handler: BoundedHandler,
  clock: Clock,
): Promise<AwsCredentials> {
  const url = agentUrl(env);
  const token = await readToken(env);
  const failed = (reason: string) => new CredentialsUnavailable(`agent ${url.host}: ${reason}`);
  const ended = new AbortController();
  const cancel = clock.setTimer(TIMEOUT_MS, () => ended.abort());
  const { response } = await handler
    .handle(requestFor(url, token), { abortSignal: ended.signal })
    .catch((thrown: unknown) => {
      throw failed(ended.signal.aborted ? `no response within ${TIMEOUT_MS / 1_000} s` : describeFailure(thrown));
    })
    .finally(cancel);
  const text = new TextDecoder().decode(response.body);
  if (response.statusCode !== 200) {
    const message = withoutSecrets(text.slice(0, LONGEST_TEXT));
    throw failed(`HTTP ${response.statusCode}${message === '' ? '' : `: ${message}`}`);
  }
  const credentials = parse(text);
  if (credentials === undefined) {
    throw failed('HTTP 200: expected JSON with AccessKeyId, SecretAccessKey, Token, and Expiration');
  }
  return credentials;
}

function requestFor(url: URL, token: string | undefined): HttpRequest {
  return new HttpRequest({
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, accept: 'application/json', ...(token === undefined ? {} : { authorization: token }) },
  });
}

function agentUrl(env: NodeJS.ProcessEnv): URL {
  const relative = env[RELATIVE_URI];
  const [variable, text] = relative ? [RELATIVE_URI, `${RELATIVE_TO}${relative}`] : [FULL_URI, env[FULL_URI] ?? ''];
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    throw new CredentialsUnavailable(`${variable}: expected an http:// or https:// URL`);
  }
  if (url.protocol === 'http:' && !PLAIN_HOSTS.test(url.hostname)) {
    throw new CredentialsUnavailable(
      `${variable}: got http://${url.host}, expected https:// or an address of this machine, ECS (169.254.170.2), or EKS (169.254.170.23, [fd00:ec2::23])`,
    );
  }
  return url;
}

/** Most bytes of a token. HTTP headers are limited to about as much. */
const LONGEST_TOKEN = 65_536;

async function readTokenFile(file: string): Promise<string> {
  const bytes = await readAtMost(LONGEST_TOKEN, file);
  if (bytes === undefined) {
    throw new Error(`it is larger than ${LONGEST_TOKEN} bytes`);
  }
  return bytes.toString();
}

/** Reads the token for each call, because the file is replaced. */
async function readToken(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = env[TOKEN_FILE];
  const token = file
    ? await readTokenFile(file).catch((thrown: unknown) => {
        throw new CredentialsUnavailable(`${TOKEN_FILE}: ${describeUnreadable(file, reasonOf(thrown))}`);
      })
    : env[TOKEN];
  if (token !== undefined && /[\r\n]/.test(token)) {
    throw new CredentialsUnavailable(`${file ? TOKEN_FILE : TOKEN}: expected a token without line breaks`);
  }
  return token === '' ? undefined : token;
}

function parse(text: string): AwsCredentials | undefined {
  const parsed = members(parsedJson(text));
  const credentials = complete({
    accessKeyId: textOf(parsed['AccessKeyId']),
    secretAccessKey: textOf(parsed['SecretAccessKey']),
    sessionToken: textOf(parsed['Token']),
  });
  const expiration = new Date(textOf(parsed['Expiration']) ?? Number.NaN);
  const isValid = credentials !== undefined && !Number.isNaN(expiration.getTime());
  return isValid ? { ...credentials, expiration, $source: { CREDENTIALS_HTTP: 'z' } } : undefined;
}
