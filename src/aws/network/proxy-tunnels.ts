import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import type { ProxyServer } from './proxy-routes.ts';
import type { Trust } from './trust.ts';

/**
 * Milliseconds that a tunnel may take, from the first packet to the proxy until its answer. Requests have shorter
 * limits of their own; this one frees the socket, which outlives the request that asked for it.
 */
const TUNNEL_TIMEOUT = 30_000;

/** A proxy could not be reached, or would not connect us. Its message names proxy and destination, never credentials. */
class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /**
   * Node's code where there is one (`ECONNREFUSED`, `ENOTFOUND`, …). For what has none, the nearest of those that the
   * SDK's retries know: `ETIMEDOUT` for a proxy that does not answer, `ECONNREFUSED` for one that cannot connect (it
   * may the next time), `EACCES`, not retried, for one that will not (4xx).
   */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined, cause?: Error) {
    super(message, { cause });
    this.code = code;
  }
}

/** How connections are made. */
export interface ConnectOptions {
  readonly tcp: Pick<https.AgentOptions, 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout' | 'lookup'>;
  readonly trust: Trust;
}

/** Agent for TLS connections, kept alive. */
export class TrustingAgent extends https.Agent {
  readonly #trust: Trust;

  constructor({ tcp, trust }: ConnectOptions) {
    super({ ...tcp, keepAlive: true });
    this.#trust = trust;
  }

  override createConnection(
    options: https.RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return super.createConnection({ ...options, ...this.#trust() }, callback);
  }
}

/** Opens connections through proxies with CONNECT. */
export class ProxyTunnels {
  // A CONNECT takes its socket out of the agent when it is answered: the agents hold the unanswered ones only.
  readonly #httpAgent: http.Agent;
  readonly #httpsAgent: https.Agent;
  readonly #clock: Pick<Clock, 'setTimer'>;

  /** `connectOptions` say how to connect to the proxies themselves. */
  constructor(connectOptions: ConnectOptions, clock: Pick<Clock, 'setTimer'>) {
    this.#httpAgent = new http.Agent({ ...connectOptions.tcp, keepAlive: true });
    this.#httpsAgent = new TrustingAgent(connectOptions);
    this.#clock = clock;
  }

  /**
   * Resolves to a socket on which the destination's bytes flow. `host` is a name, which the proxy resolves, or an
   * address without brackets. Rejects with a `ProxyError`.
   */
  open(proxy: ProxyServer, host: string, port: number): Promise<net.Socket> {
    const destination = `${bracketed(host)}:${port}`;
    const via = `proxy ${bracketed(proxy.host)}:${proxy.port} (${proxy.variable})`;
    return new Promise((resolve, reject) => {
      const request = this.#connect(proxy, destination);
      const cancelTimer = this.#clock.setTimer(TUNNEL_TIMEOUT, () => {
        request.destroy(
          new ProxyError(`no answer to CONNECT ${destination} in ${TUNNEL_TIMEOUT / 1_000} s`, 'ETIMEDOUT'),
        );
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        cancelTimer();
        // An error that stands for several addresses has a code and no message.
        reject(new ProxyError(`${via}: ${error.message || error.code}`, error.code, error));
      });
      request.once('connect', (response: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
        cancelTimer();
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 299) {
          socket.destroy();
          const answer = `HTTP ${status} ${response.statusMessage ?? ''}`.trimEnd();
          const code = status >= 400 && status < 500 ? 'EACCES' : 'ECONNREFUSED';
          reject(new ProxyError(`${via} refused to connect to ${destination}: ${answer}`, code));
          return;
        }
        if (head.length > 0) {
          socket.unshift(head);
        }
        resolve(socket);
      });
      request.end();
    });
  }

  /** Gives up all tunnels that are not open yet; those that are belong to whoever asked for them. */
  abort(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }

  #connect(proxy: ProxyServer, destination: string): http.ClientRequest {
    const options: https.RequestOptions = {
      method: 'CONNECT',
      host: proxy.host,
      port: proxy.port,
      path: destination,
      headers: {
        host: destination,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
    };
    return proxy.protocol === 'http:'
      ? http.request({ ...options, agent: this.#httpAgent })
      : // Without a name of its own, Node would take that of the Host header, which is the destination's.
        https.request({ ...options, agent: this.#httpsAgent, servername: serverName(proxy.host) });
  }
}

/** The TLS server name of a host: empty for an address, which has none. */
export function serverName(host: string): string {
  return net.isIP(host) === 0 ? host : '';
}

/** A host as it is written before `:port`. */
export function bracketed(host: string): string {
  return net.isIPv6(host) ? `[${host}]` : host;
}
