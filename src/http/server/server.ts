import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { parseListenAddress } from '../../config/reading/texts.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { bracketed } from '../../lib/text.ts';
import type { TlsConfig } from '../security/web-config-file.ts';
import { sendClientError } from './client-error.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { putTlsBefore } from './tls-server.ts';

/** Limits for clients. Times are in milliseconds. */
export interface ServerLimits extends ConnectionLimits {
  /**
   * From the connection, or the first byte of a further request, to the end of the request's head. TLS adds the same time
   * for the first byte, and for the handshake.
   */
  readonly headersTimeout: number;
  /** As `headersTimeout`, to the end of the request's body. */
  readonly requestTimeout: number;
  /** How long a connection can be idle between requests. */
  readonly keepAliveTimeout: number;
  /** How long a connection can be silent while a response is owed. */
  readonly stalledTimeout: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Longer than usual scrape intervals, so that a scraper reuses its connection.
  keepAliveTimeout: 90_000,
  stalledTimeout: 60_000,
  // If the kernel's buffers are full, a client that reads 64 KiB per second may need 20 s until the next bytes fit.
  progressTimeout: 30_000,
  minRate: 64 * 1024,
  rateGrace: 10_000,
  checkingInterval: 5_000,
  maxConnections: 1000,
};

/** How long the rest of a request body is read and discarded after the response, in milliseconds. */
const UNREAD_BODY_MS = 1_000;

export interface ServeOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly log: Logger;
  /** Returns the TLS settings for a new connection. Undefined: HTTP without TLS. */
  readonly tls?: (() => Promise<TlsConfig>) | undefined;
  readonly limits?: ServerLimits;
}

/** A listening TCP socket opened by another process. */
export type InheritedSocket = { readonly fd: number };

/** `:PORT` (all interfaces, IPv6 and IPv4), `HOST:PORT`, or `[IPV6]:PORT`, port 0 for any free port; or an open socket. */
export type ListenAddress = string | InheritedSocket;

export interface Listeners {
  /** Actual addresses, `HOST:PORT` or `[IPV6]:PORT`, in the requested order. */
  readonly addresses: readonly string[];
  /**
   * Stops accepting connections, ends idle ones at once and others after their responses, and cuts off the remaining ones
   * after `deadlineMs`. Resolves when all are closed; further calls wait for the same end.
   */
  close(deadlineMs: number): Promise<void>;
}

/** Serves `app` on every address. If one cannot be opened, the others are closed again. @throws ListenError */
export async function listen(
  app: RequestListener,
  addresses: readonly ListenAddress[],
  options: ServeOptions,
): Promise<Listeners> {
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  const close = async (deadlineMs: number) => {
    await Promise.all(opened.map((server) => server.close(deadlineMs)));
  };
  for (const address of addresses) {
    try {
      opened.push(await open(app, address, options));
    } catch (error) {
      await close(0);
      throw error;
    }
  }
  let closed: Promise<void> | undefined;
  return {
    addresses: opened.map(({ address }) => address),
    close(deadlineMs) {
      closed ??= close(deadlineMs);
      return closed;
    },
  };
}

async function open(
  app: RequestListener,
  wanted: ListenAddress,
  { clock, log, tls, limits = DEFAULT_LIMITS }: ServeOptions,
) {
  const { headersTimeout, requestTimeout, keepAliveTimeout, checkingInterval } = limits;
  const server = createServer({
    headersTimeout,
    requestTimeout,
    keepAliveTimeout,
    connectionsCheckingInterval: checkingInterval,
    maxHeaderSize: 16 * 1024,
    // Node's responses lack the security headers: the app rejects requests without Host.
    requireHostHeader: false,
  });
  server.timeout = limits.stalledTimeout;
  const connections = new Connections(server, limits, clock);
  if (tls !== undefined) {
    const secured = (socket: Socket) => connections.secure(socket);
    putTlsBefore(server, { tls, secured, handshakeTimeout: headersTimeout, clock, log });
  }
  connections.accept(server);
  // Node's version, which `close` calls, cuts off connections with an incompletely sent response. `drain` ends the idle ones.
  server.closeIdleConnections = () => undefined;
  const handle: RequestListener = (request, response) => {
    response.once('finish', () => endUnread(request, clock));
    connections.handle(request, response, app);
  };
  server.on('request', handle);
  // Unknown expectations are ignored, which RFC 9110 permits.
  server.on('checkExpectation', handle);
  server.on('clientError', (error, socket) => sendClientError(error, socket, connections.isBusy(socket)));
  const address = typeof wanted === 'string' ? wanted : `file descriptor ${wanted.fd}`;
  await bind(server, address, typeof wanted === 'string' ? parseAddress(wanted) : wanted);
  // For example, no file descriptor is left for a new connection. Open connections are unaffected.
  server.on('error', (error) => log.error('connections not accepted', { address, error: error.message }));

  const bound = server.address();
  // An object except for pipes and closed servers, whose clients have no address by which connections are counted.
  if (bound === null || typeof bound === 'string') {
    server.close();
    throw new ListenError(address, 'it is not a TCP socket. Use ListenStream= with a port in the socket unit');
  }
  return {
    address: `${bracketed(bound.address)}:${bound.port}`,
    async close(deadlineMs: number): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.drain();
      const cancel = clock.setTimer(deadlineMs, () => connections.destroy());
      await closed;
      cancel();
    },
  };
}

/** Gives the client time to send the rest of its body if the response did not wait for it, so that it can read the response. */
function endUnread(request: IncomingMessage, clock: Pick<Clock, 'setTimer'>): void {
  if (!request.complete) {
    const end = () => request.complete || request.socket.destroy();
    request.socket.once('close', clock.setTimer(UNREAD_BODY_MS, end));
  }
}

/** Without a host, Node binds `::` for both families if the machine has IPv6, else 0.0.0.0. */
function parseAddress(address: string): ListenOptions {
  const { host, port } = parseListenAddress(address) ?? {};
  if (port === undefined) {
    throw new ListenError(address, 'expected :PORT, HOST:PORT, or [IPV6]:PORT with a port from 0 to 65535');
  }
  return host === undefined ? { port } : { host, port };
}

/** @param address its name in errors */
function bind(server: Server, address: string, options: ListenOptions | InheritedSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      reject(new ListenError(address, REASONS[error.code ?? ''] ?? error.message, { cause: error }));
    server.once('error', onError);
    server.listen(options, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

/** A listen address that cannot be opened. The message has the reason and a remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** As configured. */
  readonly address: string;

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`cannot listen on ${address}: ${reason}`, options);
    this.address = address;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use. Stop the process that listens on it, or choose another port',
  EACCES: 'permission denied. Choose a port above 1023',
  EADDRNOTAVAIL: 'no interface of this machine has this address. Choose an existing one, or :PORT for all',
  EAFNOSUPPORT: 'this machine does not support the address family. Choose an IPv4 address, or :PORT for all',
  EBADF: 'it is not open. systemd passes the sockets of the socket unit',
  EINVAL: 'it is not a listening socket. Use ListenStream= with a port in the socket unit',
  ENOTSOCK: 'it is not a socket. Use ListenStream= with a port in the socket unit',
  ENOTFOUND: 'the host name does not resolve. Choose an address of this machine, or :PORT for all',
  EAI_AGAIN: 'resolving the host name failed. Choose an address of this machine, or :PORT for all',
};
