import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { readWebSection } from '../config/read.ts';
import { problemsOf, readFileText, UnreadableFileError } from '../config/reading/problem.ts';
import { type ListenAddress, parseListenAddress } from '../config/reading/texts.ts';
import { isRequired, readWebConfig } from '../http/security/web-config.ts';
import type { Clock } from '../lib/clock.ts';
import { reasonOf } from '../lib/system-error.ts';
import { bracketed } from '../lib/text.ts';
import { type DaemonFlags, readDaemonFlags } from './daemon-flags.ts';
import { type FlagValues, UsageError } from './flags.ts';

/**
 * Checks the health of a running exporter and prints the response. Its address is from flags, variables, or the `web` section of
 * the configuration file. Returns the exit code: 0 if it is healthy, otherwise 1. @throws UsageError without an address
 */
export async function runHealthcheckCommand(values: FlagValues, clock: Pick<Clock, 'setTimer'>): Promise<number> {
  const { env, stdout, stderr } = process;
  const flags = readDaemonFlags(values);
  let target: Pick<HealthTarget, 'address' | 'tls'>;
  try {
    target = { address: await findAddress(flags, env), tls: await findTls(flags.webConfigFile) };
  } catch (error) {
    stderr.write(
      problemsOf(error)
        .map(({ message }) => `nfm-exporter: ${message}\n`)
        .join(''),
    );
    return 1;
  }
  const path = `${flags.routePrefix}/-/${values.on('ready') ? 'ready' : 'healthy'}`;
  const { healthy, message } = await checkHealth({ ...target, path, clock });
  (healthy ? stdout : stderr).write(`${healthy ? '' : 'nfm-exporter: '}${message}\n`);
  return healthy ? 0 : 1;
}

/** The first address that the exporter listens on, as a client on the same machine reaches it. */
async function findAddress(flags: DaemonFlags, env: NodeJS.ProcessEnv): Promise<HealthTarget['address']> {
  if (flags.listenAddresses === undefined && flags.systemdSocket) {
    throw new UsageError(
      '--web.systemd-socket: the address is in the socket unit. Use --web.listen-address=ADDRESS instead',
    );
  }
  const [text = ''] = flags.listenAddresses ?? (await readListenAddresses(flags.configFile, env));
  const address = parseListenAddress(text);
  if (address === undefined || address.port === 0) {
    throw new UsageError(`--web.listen-address: got ${JSON.stringify(text)}, expected a port other than 0`);
  }
  return { host: reachable(address), port: address.port };
}

function reachable({ host = '0.0.0.0' }: ListenAddress): string {
  return { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
}

/** The defaults if there is no such file: then the exporter was started without it, as in the demo. */
async function readListenAddresses(file: string | undefined, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  let text = '';
  try {
    text = file === undefined ? '' : await readFileText(file);
  } catch (error) {
    if (!(error instanceof UnreadableFileError && error.code === 'ENOENT')) {
      throw error;
    }
  }
  return (await readWebSection(text, { file: file ?? '', env })).listenAddresses;
}

/** Ignores errors of the web configuration: an exporter keeps its last valid one. @throws {UnreadableFileError} */
async function findTls(file: string | undefined): Promise<HealthTarget['tls']> {
  if (file === undefined) {
    return undefined;
  }
  const { tls } = readWebConfig(await readFileText(file), file).config;
  return tls && { clientCertificateRequired: isRequired(tls.values.client_auth_type) };
}

/** Less than the timeout of the image's health check, so that its log has the reason. */
const TIMEOUT_MS = 4_000;

export interface HealthTarget {
  readonly address: { readonly host: string; readonly port: number };
  /** Undefined: HTTP without TLS. */
  readonly tls: { readonly clientCertificateRequired: boolean } | undefined;
  /** With the route prefix. */
  readonly path: string;
  readonly clock: Pick<Clock, 'setTimer'>;
}

/** The message is one line for the user: the response if it is healthy, else the URL and what failed. */
interface Health {
  readonly healthy: boolean;
  readonly message: string;
}

/**
 * Requests `path` once. The exporter is healthy if it returns 200. If it requires client certificates, it is healthy if a TLS
 * connection is established: there is no certificate to send a request with. Never rejects.
 */
export async function checkHealth({ address, tls, path, clock }: HealthTarget): Promise<Health> {
  const ended = new AbortController();
  const late = new Error(`no response within ${TIMEOUT_MS / 1000} s`);
  const cancel = clock.setTimer(TIMEOUT_MS, () => ended.abort(late));
  const url = `${tls === undefined ? 'http' : 'https'}://${bracketed(address.host)}:${address.port}${path}`;
  try {
    const outcome = tls?.clientCertificateRequired
      ? await connectTls(address, ended.signal)
      : await get({ ...address, path, agent: false, signal: ended.signal }, tls !== undefined);
    return outcome.healthy ? outcome : { healthy: false, message: `${url}: ${outcome.message}` };
  } catch (error) {
    const reason = ended.signal.aborted ? late.message : `cannot connect: ${connectionReason(error)}`;
    return { healthy: false, message: `${url}: ${reason}` };
  } finally {
    cancel();
  }
}

/** OpenSSL's errors have a reason of a few words, beside a message with addresses and line numbers. */
function connectionReason(error: unknown): string {
  return error instanceof Error && 'reason' in error ? String(error.reason) : reasonOf(error);
}

async function get(options: RequestOptions, isSecure: boolean): Promise<Health> {
  // The exporter's certificate need not name the address that the check uses, nor be of a public authority.
  const request = isSecure ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('error', reject).on('response', resolve).end();
  });
  const message = (await text(response)).trimEnd();
  return response.statusCode === 200
    ? { healthy: true, message }
    : { healthy: false, message: `got HTTP ${response.statusCode}: ${message}` };
}

function connectTls(address: HealthTarget['address'], signal: AbortSignal): Promise<Health> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, rejectUnauthorized: false });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    const message = 'TLS connection established; the exporter requires client certificates.';
    const succeed = () => end(() => resolve({ healthy: true, message }));
    const fail = (error: unknown) => end(() => reject(error));
    // In TLS 1.2 the exporter closes the connection in place of its last message, after both sides have their keys.
    let haveKeys = false;
    socket.once('keylog', () => {
      haveKeys = true;
    });
    signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    socket.on('error', (error) => (haveKeys ? succeed() : fail(error)));
    socket.on('secureConnect', succeed);
  });
}
