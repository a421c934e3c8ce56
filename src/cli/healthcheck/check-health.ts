import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import { reasonOf } from '../../lib/system-error.ts';
import { bracketed } from '../../lib/text.ts';

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

export interface Health {
  readonly healthy: boolean;
  /** One line for the user: the response if it is healthy, else the URL and what failed. */
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
  try {
    const outcome = tls?.clientCertificateRequired
      ? await connectTls(address, ended.signal)
      : await get({ ...address, path }, tls !== undefined, ended.signal);
    return outcome.healthy ? outcome : { ...outcome, message: `${urlOf(address, tls, path)}: ${outcome.message}` };
  } catch (error) {
    const reason = ended.signal.aborted ? late.message : `cannot connect: ${connectionReason(error)}`;
    return { healthy: false, message: `${urlOf(address, tls, path)}: ${reason}` };
  } finally {
    cancel();
  }
}

/** OpenSSL's errors have a reason of a few words, beside a message with addresses and line numbers. */
function connectionReason(error: unknown): string {
  return error instanceof Error && 'reason' in error ? String(error.reason) : reasonOf(error);
}

function urlOf({ host, port }: HealthTarget['address'], tls: HealthTarget['tls'], path: string): string {
  return `${tls === undefined ? 'http' : 'https'}://${bracketed(host)}:${port}${path}`;
}

function get(options: RequestOptions, isSecure: boolean, signal: AbortSignal): Promise<Health> {
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? // The exporter's certificate need not name the address that the check uses, nor be of a public authority.
        httpsRequest({ ...options, agent: false, signal, rejectUnauthorized: false })
      : httpRequest({ ...options, agent: false, signal });
    request.on('error', reject);
    request.on('response', (response) => {
      text(response).then((body) => {
        const healthy = response.statusCode === 200;
        const message = body.trimEnd();
        resolve({ healthy, message: healthy ? message : `got HTTP ${response.statusCode}: ${message}` });
      }, reject);
    });
    request.end();
  });
}

function connectTls(address: HealthTarget['address'], signal: AbortSignal): Promise<Health> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, rejectUnauthorized: false });
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    const succeed = () =>
      end(() =>
        resolve({ healthy: true, message: 'TLS connection established; the exporter requires client certificates.' }),
      );
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
