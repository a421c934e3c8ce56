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
 * Longest time to connect to one address of a name before the next one is attempted, in milliseconds. Node's default of 250
 * is too short for a distant region. The required minimum is 2 s. Node counts from the start of a turn of the event loop, so
 * the rest is for a long turn.
 */
const ADDRESS_TIMEOUT = 2_200;

/**
 * Network access of all AWS clients: one pool of persistent connections, with the proxies and certificate authorities of the
 * environment.
 */
export interface Network {
  readonly httpAgent: http.Agent;
  readonly httpsAgent: https.Agent;
  /** The values of `Proxy-Authorization` that the agents add to requests. Secrets. */
  readonly proxyAuthorizations: readonly string[];
  /** The name whose lookup delays a request to this destination: that of the destination, or of its proxy. */
  unresolvedName(protocol: string, host: string, port: number | undefined): string | undefined;
  close(): void;
}

export interface NetworkOptions {
  /** Read once: HTTPS_PROXY, HTTP_PROXY, and NO_PROXY in either case, AWS_CA_BUNDLE, and NODE_EXTRA_CA_CERTS. */
  readonly env: NodeJS.ProcessEnv;
  /** Resolves names, including those of proxies. Defaults to the system's resolver. */
  readonly lookup?: LookupFunction;
  /** Clock for timeouts of lookups and tunnels. Defaults to the system's clock. */
  readonly clock?: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** Maximum of idle connections. Defaults to no limit. */
  readonly mostIdle?: number;
  /** Receives failures of DNS. Defaults to none. */
  readonly log?: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/**
 * Creates the agents for the SDK's `NodeHttpHandler`. Connections in use have no limit here, because concurrent requests are
 * limited before. The agents' own limit counts idle connections to other hosts, and waits until they are closed.
 *
 * @throws NetworkConfigError if a variable has an invalid proxy, or a file without valid certificates
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

/** Closes idle connections above the limit, the oldest first. */
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
