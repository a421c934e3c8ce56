import type http from 'node:http';
import type https from 'node:https';
import type { LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type Logger, SILENT_LOG } from '../../lib/log.ts';
import { NameLookup, type OtherResolver, type Resolve } from './name-lookup.ts';
import { ProxyingHttpAgent, ProxyingHttpsAgent } from './proxy-agents.ts';
import { readProxyAuthorizations, readProxyRoutes } from './proxy-routes.ts';
import { type ConnectOptions, ProxyTunnels } from './proxy-tunnels.ts';
import { SystemResolver } from './system-resolver.ts';
import { readAuthorities, trustOf } from './trust.ts';

/**
 * Milliseconds that one address of a name may take to connect before the next is tried. Node's default of 250 is too
 * short for a far region, whose every address it would give up. The contract asks for 2 s; Node counts from the start
 * of a turn of the event loop, so a busy turn's length must fit in what is above.
 */
const ADDRESS_TIMEOUT = 2_200;

/**
 * How all AWS clients reach the network: one pool of connections, kept alive, that follows the environment's proxies
 * and trusts its authorities.
 */
export interface Network {
  /** For `http:` endpoints. */
  readonly httpAgent: http.Agent;
  /** For `https:` endpoints. */
  readonly httpsAgent: https.Agent;
  /** What the agents add to requests as `Proxy-Authorization`. Secrets. */
  readonly proxyAuthorizations: readonly string[];
  /** The name whose lookup keeps a request to this destination waiting: its own, or its proxy's. */
  unresolvedName(protocol: string, host: string, port: number | undefined): string | undefined;
  /** Closes all connections, those in use too. */
  close(): void;
}

export interface NetworkOptions {
  /** Read once: HTTPS_PROXY, HTTP_PROXY and NO_PROXY in either case, AWS_CA_BUNDLE, NODE_EXTRA_CA_CERTS. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves names, those of proxies too. Defaults to the system's resolver. */
  readonly lookup?: LookupFunction;
  /** Times lookups, and the opening of tunnels through proxies. Defaults to the system's clock. */
  readonly clock?: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** Connections that are kept for later requests. Defaults to no limit. */
  readonly mostIdle?: number;
  /** Receives what is wrong with DNS. Defaults to none. */
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Makes the agents to give to the SDK's `NodeHttpHandler`. The number of connections in use has no limit here: requests in
 * flight are bounded before. The agents' own limit counts idle connections to other hosts, and waits until they are closed.
 * @throws NetworkConfigError when a variable holds no usable proxy, or names a file that holds no usable certificates.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { env, clock = systemClock, log = SILENT_LOG } = options;
  const routes = readProxyRoutes(env);
  const trust = trustOf(readAuthorities(env));
  const { lookup } = options;
  const resolver = lookup === undefined ? new SystemResolver({ clock, env }) : resolverOf(lookup);
  const names = new NameLookup({ resolve: resolver.resolve, clock, log });
  const tcp = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT, lookup: names.lookup };
  const connectOptions: ConnectOptions = { tcp, trust };
  const httpAgent = new ProxyingHttpAgent(routes, connectOptions);
  const httpsAgent = new ProxyingHttpsAgent(routes, new ProxyTunnels(connectOptions, clock), connectOptions);
  for (const agent of [httpAgent, httpsAgent]) {
    agent.on('free', () => closeIdle(agent, options.mostIdle ?? Number.POSITIVE_INFINITY));
  }
  return {
    httpAgent,
    httpsAgent,
    proxyAuthorizations: readProxyAuthorizations(env),
    unresolvedName(protocol, host, port) {
      const isSecure = protocol === 'https:';
      const proxy = routes(isSecure ? 'https:' : 'http:', host, port ?? (isSecure ? 443 : 80));
      const name = proxy?.host ?? host;
      return names.isUnresolved(name) ? name : undefined;
    },
    close() {
      resolver.close();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** Closes the idle connections that are too many, those that were idle first. */
function closeIdle(agent: http.Agent, most: number): void {
  const idle = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  for (const socket of idle.slice(0, Math.max(0, idle.length - most))) {
    socket.destroy();
  }
}

function resolverOf(lookup: LookupFunction): OtherResolver {
  const resolve: Resolve = (name, options) =>
    new Promise((found, failed) => {
      lookup(name, { ...options, all: true }, (error, addresses) =>
        error === null && Array.isArray(addresses) ? found(addresses) : failed(error),
      );
    });
  return { resolve, close: () => undefined };
}
