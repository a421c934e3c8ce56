import { validateHeaderValue } from 'node:http';
import { type Format, listOf, single, text, wordOf } from '../../config/reading/formats.ts';
import { key, optionalKey, type ValuesOf } from '../../config/reading/section.ts';

/** Go's names of the cipher suites that it considers secure (`tls.CipherSuites`), and OpenSSL's names. */
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

/** Go's names of curves, and OpenSSL's names. */
const CURVES = { CurveP256: 'P-256', CurveP384: 'P-384', CurveP521: 'P-521', X25519: 'X25519' };

/** Supported versions, with their names in exporter-toolkit's format. */
const TLS_VERSIONS: Readonly<Record<string, 'TLSv1.2' | 'TLSv1.3'>> = { TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' };

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

/** Returns a format that accepts the keys of a table, and parses them to its values. */
function lookup<T extends NonNullable<unknown>>(table: Readonly<Record<string, T>>, note = ''): Format<T> {
  const words = Object.keys(table);
  const expected = `one of ${words.join(', ')}${note}`;
  const find = (value: unknown) =>
    typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
  return { ...single(expected, find), words };
}

/** As `listOf`, but accepts empty lists. */
function anyListOf<T>(element: Format<T>): Format<readonly T[]> {
  const some = listOf(element);
  const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
  return { ...some, mismatches: (value) => (isEmpty(value) ? [] : some.mismatches(value)) };
}

const version = lookup(TLS_VERSIONS, '; older versions are not supported');

const truth = single('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

const fileName = text('the name of a file', (value) => value !== '' && !value.includes('\0'));

const pem = text('PEM text', (value) => value.includes('-----BEGIN '));

/** `tls_server_config` of exporter-toolkit's web configuration. */
export const TLS = {
  cert: optionalKey("The server's certificate chain", pem),
  key: optionalKey("The certificate's key", pem),
  client_ca: optionalKey('Certificate authorities of clients', pem),
  cert_file: optionalKey('File with cert', fileName),
  key_file: optionalKey('File with key', fileName),
  client_ca_file: optionalKey('File with client_ca', fileName),
  client_auth_type: key("Go's policy for client certificates", wordOf(CLIENT_AUTH_TYPES), 'NoClientCert'),
  client_allowed_sans: key(
    'Alternative names; a client certificate must have one of them',
    anyListOf(text('a name, an address, or a URI', (value) => value !== '')),
    [],
  ),
  min_version: key('Minimum TLS version', version, 'TLS12'),
  max_version: key('Maximum TLS version', version, 'TLS13'),
  cipher_suites: key('Cipher suites', anyListOf(lookup(CIPHER_SUITES)), []),
  prefer_server_cipher_suites: key('Use the server order of cipher suites', truth, true),
  curve_preferences: key('Curves', anyListOf(lookup(CURVES)), []),
};
export type TlsKeys = ValuesOf<typeof TLS>;

/** Returns the format of a header value; an empty value removes the header. */
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

const anyValue = header('a valid header value');

/** Headers of exporter-toolkit's format. Undefined: the default of the exporter. */
export const HEADERS = {
  'Content-Security-Policy': optionalKey('Resources that pages may load', anyValue),
  'X-Frame-Options': optionalKey(
    'Sites that may frame pages',
    header('deny, sameorigin, or ""', (value) => /^(?:deny|sameorigin)$/i.test(value)),
  ),
  'X-Content-Type-Options': optionalKey(
    'Prevents browsers from guessing types',
    header('nosniff or ""', (value) => /^nosniff$/i.test(value)),
  ),
  'X-XSS-Protection': optionalKey('Filter of old browsers', anyValue),
  'Strict-Transport-Security': optionalKey('Makes browsers require TLS', anyValue),
};

/** `http_server_config`, except for `headers`. */
export const HTTP = { http2: key('Accepted without effect: the exporter uses HTTP/1.1', truth, true) };

/** With a cost of 18, a check takes about ten seconds of CPU time. */
export const passwordHash: Format<string> = text(
  'a bcrypt hash ($2a$, $2b$, or $2y$) with a cost from 04 to 18 (for example, from "htpasswd -nBC 10 NAME")',
  (value) => /^\$2[aby]\$(?:0[4-9]|1[0-8])\$[./A-Za-z0-9]{53}$/.test(value),
);
