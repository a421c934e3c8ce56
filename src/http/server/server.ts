import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { type AddressInfo, isIPv6, type ListenOptions } from 'node:net';
import { parseListenAddress } from '../../config/reading/texts.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { TlsConfig } from '../security/web-config-file.ts';
import { answerClientError } from './client-error.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { putTlsBefore } from './tls-server.ts';
/** What a client may take up, in milliseconds and numbers. */
export interface ServerLimits extends ConnectionLimits {
  /**
   * From the connection, or the first byte of a further request, to the end of the request's head. With TLS there is as
   * much for a first byte, and as much for the handshake.
   */
  readonly headersTimeout: number;
  /** The same to the end of the request's body. */
  readonly requestTimeout: number;
  /** How long a connection may stay idle between requests. */
  readonly keepAliveTimeout: number;
  /** How long nothing may be sent or received while a response is owed. */
  readonly stalledTimeout: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // Above the usual scrape intervals, so that a scraper's connection lives from scrape to scrape.
  keepAliveTimeout: 90_000,
  stalledTimeout: 60_000,
  // With the kernel's buffers full, a client that reads 64 KiB per second can take 20 s until the next bytes fit.
  progressTimeout: 30_000,
  minRate: 64 * 1024,
  rateGrace: 10_000,
  checkingInterval: 5_000,
  maxConnections: 1000,
};

/** How long the rest of a body is read, and thrown away, after the answer. */
const UNREAD_BODY_MS = 1_000;

export interface ServeOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly log: Logger;
  /** What TLS is spoken with on a connection that came just now; undefined: HTTP without TLS. */
  readonly tls?: (() => Promise<TlsConfig>) | undefined;
  readonly limits?: ServerLimits;
}

/** A listening TCP socket that another process has opened, by its descriptor. */
export interface InheritedSocket {
  readonly fd: number;
}

/** `:PORT` (all interfaces, IPv6 and IPv4), `HOST:PORT` or `[IPV6]:PORT`, port 0 for any free one; or a socket that is open. */
export type ListenAddress = string | InheritedSocket;

/** Open addresses and how to close them. */
export interface Listeners {
  /** Where they really are, `HOST:PORT` or `[IPV6]:PORT`, in the order asked for. */
  readonly addresses: readonly string[];
  /**
   * Stops accepting, ends idle connections at once and others when their requests are answered, and cuts off what is
   * left after `deadlineMs`. Resolves when all is closed; further calls wait for the same end.
   */
  close(deadlineMs: number): Promise<void>;
}

/**
 * Serves `app` on every address. Rejects with a `ListenError` on the first that cannot be opened, and closes the others again.
 */
export async function listen(
  app: RequestListener,
  addresses: readonly ListenAddress[],
  options: ServeOptions,
): Promise<Listeners> {
  const opened: OpenServer[] = [];
  const close = async (deadlineMs: number) => {
    await Promise.all(opened.map((server) => server.close(options.clock, deadlineMs)));
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

interface OpenServer {
  readonly address: string;
  close(clock: Pick<Clock, 'setTimer'>, deadlineMs: number): Promise<void>;
}

async function open(
  app: RequestListener,
  wanted: ListenAddress,
  { clock, log, tls, limits = DEFAULT_LIMITS }: ServeOptions,
): Promise<OpenServer> {
  const server = createServer(serverOptions(limits));
  server.timeout = limits.stalledTimeout;
  const connections = new Connections(server, limits, clock);
  if (tls !== undefined) {
    const { headersTimeout: handshakeTimeout } = limits;
    putTlsBefore(server, { tls, secured: (socket) => connections.secure(socket), handshakeTimeout, clock, log });
  }
  connections.accept(server);
  // Node's own, which `close` calls, cuts off connections whose answer is ready but not all sent. Ours ends the idle ones.
  server.closeIdleConnections = () => undefined;
  server.on('request', (request, response) => {
    response.once('finish', () => endUnread(request, clock));
    connections.handle(request, response, app);
  });
  server.on('clientError', (error, socket) => answerClientError(error, socket, connections.isBusy(socket)));
  const address = typeof wanted === 'string' ? wanted : `file descriptor ${wanted.fd}`;
  await bind(server, address, typeof wanted === 'string' ? parseAddress(wanted) : wanted);
  // For one, no file descriptor left for a new connection. Those that are open go on.
  server.on('error', (error) => log.error('cannot accept connections', { address, error: error.message }));

  const bound = server.address();
  // Not an object only for pipes and closed servers. Clients of other sockets have no address to count their connections by.
  if (bound === null || typeof bound === 'string') {
    server.close();
    throw new ListenError(address, 'it is not a TCP socket; use ListenStream= with a port in the socket unit');
  }
  return {
    address: hostAndPort(bound),
    async close(clock, deadlineMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.drain();
      const cancel = clock.setTimer(deadlineMs, () => connections.destroy());
      await closed;
      cancel();
    },
  };
}

/** Where an answer did not wait for the body, what is left of it gets a moment, so that the client sees the answer. */
function endUnread(request: IncomingMessage, clock: Pick<Clock, 'setTimer'>): void {
  if (!request.complete) {
    const { socket } = request;
    const cancel = clock.setTimer(UNREAD_BODY_MS, () => {
      if (!request.complete) {
        socket.destroy();
      }
    });
    socket.once('close', cancel);
  }
}

function hostAndPort({ address, port }: AddressInfo): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}

function serverOptions(limits: ServerLimits): ServerOptions {
  return {
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: limits.checkingInterval,
    maxHeaderSize: 16 * 1024,
  };
}

/** Without a host Node binds `::` for both families if the machine has IPv6, else 0.0.0.0. */
function parseAddress(address: string): ListenOptions {
  const { host, port } = parseListenAddress(address) ?? {};
  if (port === undefined) {
    throw new ListenError(address, 'expected :PORT, HOST:PORT or [IPV6]:PORT with a port from 0 to 65535');
  }
  return host === undefined ? { port } : { host, port };
}

/** @param address what errors call it */
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

/** An address the exporter was told to listen on and cannot. The message says why and what to do about it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** As it was given. */
  readonly address: string;

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`cannot listen on ${address}: ${reason}`, options);
    this.address = address;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another port',
  EACCES: 'the system does not permit it; choose a port above 1023',
  EADDRNOTAVAIL: 'no interface of this machine has that address; choose one that it has, or :PORT for all',
  EAFNOSUPPORT: 'this machine has no such address family; choose an IPv4 address, or :PORT for all',
  EBADF: 'it is not open; systemd passes those of the socket unit',
  EINVAL: 'it is not a listening socket; use ListenStream= with a port in the socket unit',
  ENOTSOCK: 'it is not a socket; use ListenStream= with a port in the socket unit',
  ENOTFOUND: 'the host name does not resolve; choose an address of this machine, or :PORT for all',
  EAI_AGAIN: 'the host name could not be resolved; choose an address of this machine, or :PORT for all',
};
