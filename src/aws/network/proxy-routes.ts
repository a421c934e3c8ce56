import { withoutBrackets } from '../../lib/text.ts';
import { isLocalDestination, parseNoProxy } from './no-proxy.ts';

/**
 * A network setting in the environment is invalid. The message starts with the name of the variable, and never contains the
 * URL of a proxy, which may include a password.
 */
export class NetworkConfigError extends Error {
  override readonly name = 'NetworkConfigError';
  /** The invalid environment variable, in the case that was set. */
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable}: ${problem}`);
    this.variable = variable;
  }
}

export interface ProxyServer {
  readonly variable: string;
  readonly protocol: 'http:' | 'https:';
  /** Name or address, no brackets. */
  readonly host: string;
  readonly port: number;
  /** Value of `Proxy-Authorization`. A secret. */
  readonly authorization: string | undefined;
}

/** The proxy of a destination; undefined for a direct connection. */
export type ProxyRoutes = (protocol: 'http:' | 'https:', host: string, port: number) => ProxyServer | undefined;

/**
 * Reads HTTPS_PROXY (for `https:` destinations), HTTP_PROXY (for `http:` ones), and NO_PROXY. Lower case has precedence, as
 * in curl and Python. An empty variable counts as unset. Loopback and link-local destinations never have a proxy.
 *
 * @throws NetworkConfigError for a proxy that is not `[http://|https://][USER[:PASSWORD]@]HOST[:PORT]`
 */
export function readProxyRoutes(env: NodeJS.ProcessEnv): ProxyRoutes {
  const proxies = { 'https:': readProxy(env, 'HTTPS_PROXY'), 'http:': readProxy(env, 'HTTP_PROXY') };
  const bypass = parseNoProxy(readVariable(env, 'NO_PROXY')?.value ?? '');
  return (protocol, host, port) => (isLocalDestination(host) || bypass(host, port) ? undefined : proxies[protocol]);
}

/** The values of `Proxy-Authorization` for the proxies of {@link readProxyRoutes}. @throws NetworkConfigError */
export function readProxyAuthorizations(env: NodeJS.ProcessEnv): string[] {
  return ['HTTPS_PROXY', 'HTTP_PROXY'].flatMap((name) => readProxy(env, name)?.authorization ?? []);
}

function readProxy(env: NodeJS.ProcessEnv, name: string): ProxyServer | undefined {
  const set = readVariable(env, name);
  return set === undefined ? undefined : parseProxy(set.variable, set.value);
}

function readVariable(env: NodeJS.ProcessEnv, name: string): { variable: string; value: string } | undefined {
  const set = [name.toLowerCase(), name].map((variable) => ({ variable, value: env[variable]?.trim() ?? '' }));
  return set.find(({ value }) => value !== '');
}

function parseProxy(variable: string, value: string): ProxyServer {
  const given = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value)?.[1]?.toLowerCase();
  const scheme = given ?? 'http';
  if (scheme !== 'http' && scheme !== 'https') {
    throw new NetworkConfigError(variable, `got a proxy with scheme "${scheme}", expected http or https`);
  }
  const url = parseUrl(variable, given === undefined ? `http://${value}` : value);
  return {
    variable,
    protocol: `${scheme}:`,
    host: withoutBrackets(url.hostname),
    port: Number(url.port || (scheme === 'https' ? 443 : 80)),
    authorization: basicAuthorization(variable, url),
  };
}

/** A path, query, or fragment is rejected, too: it suggests a password with a `/`, `?`, or `#` that is not encoded. */
function parseUrl(variable: string, text: string): URL {
  // Node's error of an invalid URL contains the text, including the password.
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new NetworkConfigError(variable, 'expected a proxy as [http://|https://][USER[:PASSWORD]@]HOST[:PORT]');
  }
  return url;
}

function basicAuthorization(variable: string, url: URL): string | undefined {
  if (url.username === '' && url.password === '') {
    return undefined;
  }
  try {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  } catch {
    throw new NetworkConfigError(variable, 'expected a percent-encoded user and password ("%" as %25)');
  }
}
