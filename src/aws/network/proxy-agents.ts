import http from 'node:http';
import type https from 'node:https';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { bracketed } from '../../lib/text.ts';
import type { ProxyRoutes } from './proxy-routes.ts';
import { type ConnectOptions, type ProxyTunnels, serverName, TrustingAgent } from './proxy-tunnels.ts';
import { watchConnection } from './unsent-requests.ts';

// The method that receives a request before its head is written. Node requires it of every agent, and all common agents
// override it, but Node's documentation and types omit it.
declare module 'http' {
  interface Agent {
    addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void;
  }
}

type OnConnection = (error: Error | null, stream: Duplex) => void;

/**
 * Agent for `http:` destinations. A request to a proxy has the whole URL in its first line (RFC 9112, section 3.2.2), because
 * most proxies allow CONNECT to port 443 only.
 */
export class ProxyingHttpAgent extends http.Agent {
  readonly #routes: ProxyRoutes;
  readonly #connectOptions: ConnectOptions;

  constructor(routes: ProxyRoutes, connectOptions: ConnectOptions) {
    super({ ...connectOptions.tcp, keepAlive: true });
    this.#routes = routes;
    this.#connectOptions = connectOptions;
  }

  override addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void {
    const { host, port } = destinationOf(options, 80);
    const proxy = this.#routes('http:', host, port);
    if (proxy !== undefined) {
      // The proxy forwards this authority as the Host header, which must be the one that was signed.
      const authority = port === 80 ? bracketed(host) : `${bracketed(host)}:${port}`;
      request.path = `http://${authority}${request.path}`;
      if (proxy.authorization !== undefined) {
        request.setHeader('proxy-authorization', proxy.authorization);
      }
    }
    watchConnection(request, options.headers);
    super.addRequest(request, options);
  }

  override createConnection(options: http.ClientRequestArgs, callback?: OnConnection): Duplex | null | undefined {
    const { host, port } = destinationOf(options, 80);
    const proxy = this.#routes('http:', host, port);
    if (proxy === undefined) {
      return super.createConnection(options, callback);
    }
    const address = { host: proxy.host, port: proxy.port };
    const { tcp, trust } = this.#connectOptions;
    return proxy.protocol === 'http:'
      ? super.createConnection({ ...options, ...address }, callback)
      : tls.connect({ ...tcp, ...trust(), ...address, servername: serverName(proxy.host) });
  }
}

/** Agent for `https:` destinations. It uses a CONNECT tunnel through a proxy, with end-to-end TLS. */
export class ProxyingHttpsAgent extends TrustingAgent {
  readonly #routes: ProxyRoutes;
  readonly #tunnels: ProxyTunnels;

  constructor(routes: ProxyRoutes, tunnels: ProxyTunnels, connectOptions: ConnectOptions) {
    super(connectOptions);
    this.#routes = routes;
    this.#tunnels = tunnels;
  }

  override addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void {
    watchConnection(request, options.headers);
    super.addRequest(request, options);
  }

  override createConnection(options: https.RequestOptions, callback?: OnConnection): Duplex | null | undefined {
    const { host, port } = destinationOf(options, 443);
    const proxy = this.#routes('https:', host, port);
    if (proxy === undefined) {
      return super.createConnection(options, callback);
    }
    this.#tunnels
      .open(proxy, host, port)
      .then((socket) => {
        // TLS starts on this socket instead of a new one.
        const throughTunnel = { ...options, socket };
        const stream = super.createConnection(throughTunnel, callback);
        if (stream) {
          callback?.(null, stream);
        }
      })
      // Node's types require a stream beside an error, but Node ignores it.
      .catch((error: Error) => callback?.(error, new Duplex()));
    return undefined;
  }

  /** Also aborts tunnels that are being opened. */
  override destroy(): void {
    this.#tunnels.abort();
    super.destroy();
  }
}

/** Host and port of a request. Node has set both in the `options` of an agent. */
function destinationOf(options: http.ClientRequestArgs, defaultPort: number): { host: string; port: number } {
  return { host: options.host ?? 'localhost', port: Number(options.port ?? defaultPort) };
}
