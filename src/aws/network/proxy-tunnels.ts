import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../lib/clock.ts';
import { bracketed } from '../../lib/text.ts';
import type { ProxyServer } from './proxy-routes.ts';
import type { Trust } from './trust.ts';

/**
 * Timeout of a tunnel in milliseconds, from the first packet to the response of the proxy. Requests have shorter timeouts.
 * This one closes the socket, which may exist longer than its request.
 */
const TUNNEL_TIMEOUT = 30_000;

/** A proxy could not be reached, or refused to connect. The message has the proxy and the destination, but no credentials. */
class ProxyError extends Error {
  override readonly name = 'ProxyError';
  /**
   * Node's code (`ECONNREFUSED`, `ENOTFOUND`, …), or a similar code that determines if the SDK retries. The proxy does not
   * respond: `ETIMEDOUT`. It cannot connect: `ECONNREFUSED`, retried. It refuses to connect (4xx): `EACCES`, not retried.
   */
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined, cause?: Error) {
    super(message, { cause });
    this.code = code;
  }
}

export interface ConnectOptions {
  readonly tcp: Pick<https.AgentOptions, 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout' | 'lookup'>;
  readonly trust: Trust;
}

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

export class ProxyTunnels {
  // A successful CONNECT removes its socket from the agent: the agents have pending tunnels only.
  readonly #httpAgent: http.Agent;
  readonly #httpsAgent: https.Agent;
  readonly #clock: Pick<Clock, 'setTimer'>;

  /** `connectOptions` apply to the connections to the proxies. */
  constructor(connectOptions: ConnectOptions, clock: Pick<Clock, 'setTimer'>) {
    this.#httpAgent = new http.Agent({ ...connectOptions.tcp, keepAlive: true });
    this.#httpsAgent = new TrustingAgent(connectOptions);
    this.#clock = clock;
  }

  /**
   * Opens a tunnel to a destination. `host` is a name, which the proxy resolves, or an address without brackets. Rejects with
   * a `ProxyError`.
   */
  open(proxy: ProxyServer, host: string, port: number): Promise<net.Socket> {
    const destination = `${bracketed(host)}:${port}`;
    const via = `proxy ${bracketed(proxy.host)}:${proxy.port} (${proxy.variable})`;
    return new Promise((resolve, reject) => {
      const request = this.#connect(proxy, destination);
      const cancelTimer = this.#clock.setTimer(TUNNEL_TIMEOUT, () => {
        request.destroy(
          new ProxyError(`no response to CONNECT ${destination} within ${TUNNEL_TIMEOUT / 1_000} s`, 'ETIMEDOUT'),
        );
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        cancelTimer();
        // An error of several addresses has a code, but no message.
        reject(new ProxyError(`${via}: ${error.message || error.code}`, error.code, error));
      });
      request.once('connect', (response: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
        cancelTimer();
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 299) {
          socket.destroy();
          const reason = `HTTP ${status} ${response.statusMessage ?? ''}`.trimEnd();
          const code = status >= 400 && status < 500 ? 'EACCES' : 'ECONNREFUSED';
          reject(new ProxyError(`${via} refused to connect to ${destination}: ${reason}`, code));
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

  /** Aborts all pending tunnels. Open tunnels belong to their callers. */
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
      : // Node would use the name of the Host header by default, which is that of the destination.
        https.request({ ...options, agent: this.#httpsAgent, servername: serverName(proxy.host) });
  }
}

/** The TLS server name of a host; empty for an address. */
export function serverName(host: string): string {
  return net.isIP(host) === 0 ? host : '';
}
