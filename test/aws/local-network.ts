import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { createNetwork, type Network, type NetworkOptions } from '../../src/aws/network/network.ts';

/** Path of a file made by `test/fixtures/tls/make.sh`. */
export function tlsFixture(file: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${file}`, import.meta.url));
}

/** Key and certificate for `*.nfm.test` and 127.0.0.1, signed by the authority of that name. */
export function serverIdentity(authority: 'first' | 'second'): { key: string; cert: string } {
  return {
    key: readFileSync(tlsFixture(`${authority}-server-key.pem`), 'utf8'),
    cert: readFileSync(tlsFixture(`${authority}-server.pem`), 'utf8'),
  };
}

/** The environment that makes servers of the first authority trusted. */
export const TRUSTING = { AWS_CA_BUNDLE: tlsFixture('first-authority.pem') };

/** A resolver with the same addresses for every name. */
export function resolveTo(...addresses: string[]): net.LookupFunction {
  return (_hostname, options, callback) => {
    const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
    if (options.all) {
      callback(null, found);
    } else {
      callback(null, found[0]?.address ?? '', found[0]?.family);
    }
  };
}

/** A network that is closed when the test ends. Names resolve to 127.0.0.1 unless a `lookup` is set. */
export function networkFor(env: NodeJS.ProcessEnv, options: Omit<NetworkOptions, 'env'> = {}): Network {
  const network = createNetwork({ lookup: resolveTo('127.0.0.1'), ...options, env });
  onTestFinished(() => network.close());
  return network;
}

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** GETs `url` over the network's agents. Resolves when the connection has returned to its pool. */
export async function get(network: Pick<Network, 'httpAgent' | 'httpsAgent'>, url: string): Promise<Answer> {
  const request = url.startsWith('https:')
    ? https.get(url, { agent: network.httpsAgent })
    : http.get(url, { agent: network.httpAgent });
  const closed = new Promise((resolve) => request.once('close', resolve));
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('error', reject);
    request.once('response', resolve);
  });
  const body = await text(response);
  await closed;
  return { status: response.statusCode, body };
}

/** Listens until the test ends, and then closes all connections. Port 0 is any free port. */
async function listen(server: net.Server, port = 0, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
    await closed;
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('not a TCP server');
  }
  return address.port;
}

export interface Origin {
  readonly port: number;
  /** Number of connections so far. */
  connections: number;
  /** Number of open connections. */
  readonly open: Set<Duplex>;
  readonly requests: {
    readonly url: string | undefined;
    readonly headers: http.IncomingHttpHeaders;
    readonly body: string;
  }[];
}

export interface OriginOptions {
  /** Uses TLS with a certificate of this authority. */
  readonly authority?: 'first' | 'second' | undefined;
  readonly port?: number;
  readonly host?: string;
  /** Never responds to a request. */
  readonly mute?: boolean;
}

/** A server that handles the requests. */
export async function startOrigin(options: OriginOptions = {}): Promise<Origin> {
  const { authority, port, host, mute = false } = options;
  const onRequest = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    origin.requests.push({ url: request.url, headers: request.headers, body: await text(request) });
    if (!mute) {
      response.end('response');
    }
  };
  const server =
    authority === undefined ? http.createServer(onRequest) : https.createServer(serverIdentity(authority), onRequest);
  const origin: Origin = { port: await listen(server, port, host), connections: 0, open: new Set(), requests: [] };
  countConnections(server, origin);
  return origin;
}

function countConnections(server: net.Server, counts: Pick<Origin, 'connections' | 'open'>): void {
  server.on('connection', (socket: Duplex) => {
    counts.connections += 1;
    counts.open.add(socket);
    socket.once('close', () => counts.open.delete(socket));
  });
}

export interface ForwardProxy {
  readonly port: number;
  /** Number of connections to the proxy so far. */
  connections: number;
  /** Each request for the proxy itself: method, request target, headers. */
  readonly requests: { readonly line: string; readonly headers: http.IncomingHttpHeaders }[];
  /** The server name of each TLS handshake with the proxy. */
  readonly serverNames: (string | false | undefined)[];
  /** Number of open connections to the proxy. */
  readonly open: Set<Duplex>;
}

export interface ProxyOptions {
  readonly port?: number;
  readonly host?: string;
  /** Uses TLS with a certificate of this authority. */
  readonly authority?: 'first' | 'second' | undefined;
  /** Responds to every CONNECT with this status line, without a tunnel. */
  readonly refusal?: string;
  /** Handles a CONNECT instead of a response. */
  readonly silence?: 'wait' | 'hang up';
}

/** A forward proxy that connects to 127.0.0.1 for all names. */
export async function startProxy(options: ProxyOptions = {}): Promise<ForwardProxy> {
  const { authority, port, host, refusal, silence } = options;
  const server: http.Server =
    authority === undefined ? http.createServer() : https.createServer(serverIdentity(authority));
  const proxy: ForwardProxy = {
    port: await listen(server, port, host),
    connections: 0,
    requests: [],
    serverNames: [],
    open: new Set(),
  };
  countConnections(server, proxy);
  server.on('secureConnection', (socket: TLSSocket & { servername?: string | false }) => {
    proxy.serverNames.push(socket.servername);
  });
  server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
    proxy.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    const target = new URL(request.url ?? '');
    const { 'proxy-authorization': _ours, ...headers } = request.headers;
    const upstream = http.request(
      {
        host: '127.0.0.1',
        port: target.port || 80,
        method: request.method,
        path: `${target.pathname}${target.search}`,
        headers,
        agent: false,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.writeHead(502).end());
    request.pipe(upstream);
  });
  server.on('connect', (request: http.IncomingMessage, client: Duplex) => {
    proxy.requests.push({ line: `CONNECT ${request.url}`, headers: request.headers });
    client.on('error', () => client.destroy());
    if (silence === 'hang up') {
      client.destroy();
      return;
    }
    if (refusal !== undefined) {
      client.write(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`);
    }
    if (refusal !== undefined || silence === 'wait') {
      // Stays open: the client must close it.
      client.resume().on('end', () => client.destroy());
      return;
    }
    const upstream = net.connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  return proxy;
}

export interface DeafServer {
  readonly port: number;
  /** Starts to accept connections. Later connections, and the retries of pending ones, succeed then. */
  wake(): void;
}

const DEAF_SERVER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { protocol, options, host, gate } = workerData;
  const server = require(protocol).createServer(options, (request, response) => response.end('late response'));
  server.listen({ host, port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(gate, 0, 0);
  });
`;

/**
 * An address that exists but does not accept connections: a server whose thread sleeps, with a full backlog, so that the
 * kernel drops the first packet of each connection. It sends "late response" once it is awake.
 */
export async function startDeafServer(protocol: 'http' | 'https', host = '127.0.0.1'): Promise<DeafServer> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const options = protocol === 'https' ? serverIdentity('first') : {};
  const worker = new Worker(DEAF_SERVER, { eval: true, workerData: { protocol, options, host, gate } });
  const wake = () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  const [port]: number[] = await once(worker, 'message');
  if (port === undefined) {
    throw new Error('the deaf server has no port');
  }
  const fillers: net.Socket[] = [];
  onTestFinished(async () => {
    for (const filler of fillers) {
      filler.destroy();
    }
    wake();
    await worker.terminate();
  });
  while (await connects(port, host, fillers)) {
    // Each connection occupies one slot of the backlog.
  }
  return { port, wake };
}

/** Whether another connection is accepted at once. Loopback requires far less than this time. */
async function connects(port: number, host: string, fillers: net.Socket[]): Promise<boolean> {
  const socket = net.connect(port, host);
  socket.on('error', () => socket.destroy());
  fillers.push(socket);
  return await new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy();
      resolve(false);
    }, 150);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
