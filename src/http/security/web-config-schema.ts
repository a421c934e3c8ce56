import { validateHeaderValue } from 'node:http';
import { type Format, listOf, optional, single, text, wordOf } from '../../config/reading/formats.ts';
import type { SectionSchema } from '../../config/reading/section.ts';

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

export interface TlsKeys {
  cert: string | undefined;
  key: string | undefined;
  client_ca: string | undefined;
  cert_file: string | undefined;
  key_file: string | undefined;
  client_ca_file: string | undefined;
  client_auth_type: ClientAuthType;
  client_allowed_sans: readonly string[];
  min_version: TlsVersion;
  max_version: TlsVersion;
  cipher_suites: readonly string[];
  prefer_server_cipher_suites: boolean;
  curve_preferences: readonly string[];
}

/** `tls_server_config` of exporter-toolkit's web configuration. */
export const TLS: SectionSchema<TlsKeys> = {
  cert: { doc: "The server's certificate chain", format: optional(pem), default: undefined },
  key: { doc: "The certificate's key", format: optional(pem), default: undefined },
  client_ca: { doc: 'Authorities of client certificates', format: optional(pem), default: undefined },
  cert_file: { doc: 'File with cert', format: optional(fileName), default: undefined },
  key_file: { doc: 'File with key', format: optional(fileName), default: undefined },
  client_ca_file: { doc: 'File with client_ca', format: optional(fileName), default: undefined },
  client_auth_type: {
    doc: "Go's policy for client certificates",
    format: wordOf(CLIENT_AUTH_TYPES),
    default: 'NoClientCert',
  },
  client_allowed_sans: {
    doc: 'Alternative names of which a client certificate must have one',
    format: anyListOf(text('a name, an address or a URI', (value) => value !== '')),
    default: [],
  },
  min_version: { doc: 'Oldest version that is spoken', format: version, default: 'TLS12' },
  max_version: { doc: 'Newest version that is spoken', format: version, default: 'TLS13' },
  cipher_suites: { doc: 'Cipher suites', format: anyListOf(lookup(CIPHER_SUITES)), default: [] },
  prefer_server_cipher_suites: { doc: "Whether the server's order of suites counts", format: truth, default: true },
  curve_preferences: { doc: 'Curves', format: anyListOf(lookup(CURVES)), default: [] },
};

/** A header's value; blank: the header is not sent. */
function header(expected: string, accepts: (value: string) => boolean = () => true): Format<string | undefined> {
  return optional(
    text(expected, (value) => {
      try {
        validateHeaderValue('x', value);
      } catch {
        return false;
      }
      return value === '' || accepts(value);
    }),
  );
}

const anyValue = header('the value of a header');

/** The headers that may be set, as exporter-toolkit has it; undefined: as it is without. */
export interface HeaderKeys {
  'Content-Security-Policy': string | undefined;
  'X-Frame-Options': string | undefined;
  'X-Content-Type-Options': string | undefined;
  'X-XSS-Protection': string | undefined;
  'Strict-Transport-Security': string | undefined;
}

export const HEADERS: SectionSchema<HeaderKeys> = {
  'Content-Security-Policy': { doc: 'What pages may load', format: anyValue, default: undefined },
  'X-Frame-Options': {
    doc: 'Who may frame pages',
    format: header('deny, sameorigin or ""', (value) => /^(?:deny|sameorigin)$/i.test(value)),
    default: undefined,
  },
  'X-Content-Type-Options': {
    doc: 'Whether browsers may guess types',
    format: header('nosniff or ""', (value) => /^nosniff$/i.test(value)),
    default: undefined,
  },
  'X-XSS-Protection': { doc: 'A filter of old browsers', format: anyValue, default: undefined },
  'Strict-Transport-Security': { doc: 'Whether browsers insist on TLS', format: anyValue, default: undefined },
};

interface HttpKeys {
  http2: boolean;
}

/** `http_server_config`, but for `headers`. */
export const HTTP: SectionSchema<HttpKeys> = {
  http2: { doc: 'Taken, without effect: HTTP/1.1 is spoken', format: truth, default: true },
};

/** At a cost of 18 one check takes some ten seconds of a processor. */
export const passwordHash: Format<string> = text(
  'a bcrypt hash, $2a$, $2b$ or $2y$, with a cost from 04 to 18, as "htpasswd -nBC 10 NAME" prints it',
  (value) => /^\$2[aby]\$(?:0[4-9]|1[0-8])\$[./A-Za-z0-9]{53}$/.test(value),
);
