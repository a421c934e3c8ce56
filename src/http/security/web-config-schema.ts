import { validateHeaderValue } from 'node:http';
import { type Format, listOf, single, text, wordOf } from '../../config/reading/formats.ts';
import { key, optionalKey, type ValuesOf } from '../../config/reading/section.ts';

/**
 * What Go calls the cipher suites up to TLS 1.2 that it thinks secure (`tls.CipherSuites`), and OpenSSL does. Those of TLS
 * 1.3 have one name.
 */
const CIPHER_SUITES: Readonly<Record<string, string>> = {
  TLS_AES_128_GCM_SHA256: 'TLS_AES_128_GCM_SHA256',
  TLS_AES_256_GCM_SHA384: 'TLS_AES_256_GCM_SHA384',
  TLS_CHACHA20_POLY1305_SHA256: 'TLS_CHACHA20_POLY1305_SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
};

/** Go's names of curves, and OpenSSL's. */
const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
};

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** The versions that are spoken, as exporter-toolkit's file names them. */
const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' };

/** Go's policies for client certificates. `RequireClientCert` is exporter-toolkit's old name of `RequireAnyClientCert`. */
const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'RequireClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** One of the words that are a table's keys; its entry once parsed. */
function lookup<T extends NonNullable<unknown>>(table: Readonly<Record<string, T>>, note = ''): Format<T> {
  const words = Object.keys(table);
  const expected = `one of ${words.join(', ')}${note}`;
  const find = (value: unknown) =>
    typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  return { ...single(expected, find), words };
}

/** As `listOf`, but it may be empty. */
function anyListOf<T>(element: Format<T>): Format<readonly T[]> {
  const some = listOf(element);
  const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
  return { ...some, mismatches: (value) => (isEmpty(value) ? [] : some.mismatches(value)) };
}

const version = lookup(TLS_VERSIONS, '; older versions are not spoken');

const truth: Format<boolean> = single('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

const fileName = text('the name of a file', (value) => value !== '' && !value.includes('\0'));

const pem = text('PEM text', (value) => value.includes('-----BEGIN '));

/** `tls_server_config` of exporter-toolkit's web configuration. */
export const TLS = {
  cert: optionalKey("The server's certificate chain", pem),
  key: optionalKey("The certificate's key", pem),
  client_ca: optionalKey('Authorities of client certificates', pem),
  cert_file: optionalKey('File with cert', fileName),
  key_file: optionalKey('File with key', fileName),
  client_ca_file: optionalKey('File with client_ca', fileName),
  client_auth_type: key("Go's policy for client certificates", wordOf(CLIENT_AUTH_TYPES), 'NoClientCert'),
  client_allowed_sans: key(
    'Alternative names of which a client certificate must have one',
    anyListOf(text('a name, an address or a URI', (value) => value !== '')),
    [],
  ),
  min_version: key('Oldest version that is spoken', version, 'TLS12'),
  max_version: key('Newest version that is spoken', version, 'TLS13'),
  cipher_suites: key('Cipher suites', anyListOf(lookup(CIPHER_SUITES)), []),
  prefer_server_cipher_suites: key("Whether the server's order of suites counts", truth, true),
  curve_preferences: key('Curves', anyListOf(lookup(CURVES)), []),
};
export type TlsKeys = ValuesOf<typeof TLS>;

/** A header's value; blank: the header is not sent. */
function header(expected: string, accepts: (value: string) => boolean = () => true): Format<string> {
  return text(expected, (value) => {
    try {
      validateHeaderValue('x', value);
    } catch {
      return false;
    }
    return value === '' || accepts(value);
  });
}

const anyValue = header('the value of a header');

/** The headers that may be set, as exporter-toolkit has it; undefined: as it is without. */
export const HEADERS = {
  'Content-Security-Policy': optionalKey('What pages may load', anyValue),
  'X-Frame-Options': optionalKey(
    'Who may frame pages',
    header('deny, sameorigin or ""', (value) => /^(?:deny|sameorigin)$/i.test(value)),
  ),
  'X-Content-Type-Options': optionalKey(
    'Whether browsers may guess types',
    header('nosniff or ""', (value) => /^nosniff$/i.test(value)),
  ),
  'X-XSS-Protection': optionalKey('A filter of old browsers', anyValue),
  'Strict-Transport-Security': optionalKey('Whether browsers insist on TLS', anyValue),
};
export type HeaderKeys = ValuesOf<typeof HEADERS>;

/** `http_server_config`, but for `headers`. */
export const HTTP = {
  http2: key('Taken, without effect: HTTP/1.1 is spoken', truth, true),
};

/** At a cost of 18 one check takes some ten seconds of a processor. */
export const passwordHash: Format<string> = text(
  'a bcrypt hash, $2a$, $2b$ or $2y$, with a cost from 04 to 18, as "htpasswd -nBC 10 NAME" prints it',
  (value) => /^\$2[aby]\$(?:0[4-9]|1[0-8])\$[./A-Za-z0-9]{53}$/.test(value),
);
