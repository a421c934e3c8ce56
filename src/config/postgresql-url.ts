import { withoutBrackets } from '../lib/text.ts';

/** Values of `sslmode`, with the meaning that libpq documents. */
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

export interface PostgresqlAddress {
  /** A name or an IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Secret. Undefined: the server requires none. */
  readonly password: string | undefined;
  /** `verify-full` unless the URL has another one: a password is never sent to an unverified server by default. */
  readonly sslMode: SslMode;
  /** File with PEM certificates of the authorities to trust. Undefined: those of Node.js and of the environment. */
  readonly sslRootCert: string | undefined;
}

export const EXPECTED_POSTGRESQL_URL = `a URL postgresql://USER:PASSWORD@HOST:PORT/DATABASE, optionally with the parameters sslmode (${SSL_MODES.join(', ')}; default: verify-full) and sslrootcert`;

const DEFAULT_PORT = 5432;

/** Returns the parts of a URL, or undefined if it is invalid: each part except port and password is required. */
export function parsePostgresqlUrl(text: string): PostgresqlAddress | undefined {
  if (/[\s\\]/.test(text) || !/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  const parameters = new Map(url.searchParams);
  const isKnown = [...url.searchParams.keys()].every((key) => key === 'sslmode' || key === 'sslrootcert');
  const user = decoded(url.username);
  const password = decoded(url.password);
  const database = decoded(url.pathname.slice(1));
  const sslMode = SSL_MODES.find((mode) => mode === (parameters.get('sslmode') ?? 'verify-full'));
  const isComplete = url.hostname !== '' && !url.pathname.slice(1).includes('/') && url.hash === '';
  if (!isComplete || !isKnown || !user || !database || password === undefined || !sslMode) {
    return undefined;
  }
  return {
    host: withoutBrackets(url.hostname),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database,
    user,
    password: password === '' ? undefined : password,
    sslMode,
    sslRootCert: parameters.get('sslrootcert'),
  };
}

/** Returns undefined for a malformed encoding, and for NUL, which the protocol cannot transmit. */
function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text);
    return plain.includes('\0') ? undefined : plain;
  } catch {
    return undefined;
  }
}
