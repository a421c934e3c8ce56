import http from 'node:http';
import type https from 'node:https';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { ProxyRoutes } from './proxy-routes.ts';
import { bracketed, type ConnectOptions, type ProxyTunnels, serverName, TrustingAgent } from './proxy-tunnels.ts';
import { watchConnection } from './unsent-requests.ts';

// How a request hands itself to its agent, before its head is written. Node checks for this method on every agent given
// to it, and all agents in use override it, but its documentation and types leave it out.
declare module 'http' {
  interface Agent {
    addRequest(request: http.ClientRequest, options: http.ClientRequestArgs): void;
  }
}

type OnConnection = (error: Error | null, stream: Duplex) => void;

/**
 * Agent for `http:` destinations. A proxied request goes to the proxy with the whole URL in its first line (RFC 9112,
 * section 3.2.2), for most proxies allow CONNECT to port 443 only.
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
      // The proxy sends on this authority as the Host header: it must read as the one that was signed.
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

/** Agent for `https:` destinations. Those behind a proxy are reached through a CONNECT tunnel, with TLS end to end. */
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
        // TLS begins on a socket that is given, instead of connecting one.
        const throughTunnel = { ...options, socket };
        const stream = super.createConnection(throughTunnel, callback);
        if (stream) {
          callback?.(null, stream);
        }
      })
      // Beside an error Node's types want a stream, which Node does not look at.
      .catch((error: Error) => callback?.(error, new Duplex()));
    return undefined;
  }

  /** Gives up the tunnels that are being opened, too. */
  override destroy(): void {
    this.#tunnels.abort();
    super.destroy();
  }
}

/** Host and port that a request is for. Node has filled in both when it gives `options` to an agent. */
function destinationOf(options: http.ClientRequestArgs, defaultPort: number): { host: string; port: number } {
  return { host: options.host ?? 'localhost', port: Number(options.port ?? defaultPort) };
}
