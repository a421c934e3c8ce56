import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { readAtMostSync } from '../../lib/bounded-file.ts';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';
import { NetworkConfigError } from './proxy-routes.ts';

const VARIABLES = ['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'] as const;

/**
 * Returns the certificate authorities to trust, as PEM certificates: Node's own, and those in the PEM files of
 * AWS_CA_BUNDLE and NODE_EXTRA_CA_CERTS. Undefined, for Node's default, if both are unset or empty. Node reads
 * NODE_EXTRA_CA_CERTS itself, but ignores it if a list of authorities is set.
 * @throws NetworkConfigError for a file that is unreadable, or has an invalid certificate between PEM markers
 */
export function readAuthorities(env: NodeJS.ProcessEnv): readonly string[] | undefined {
  const extra = VARIABLES.flatMap((variable) => {
    const path = env[variable] ?? '';
    return path === '' ? [] : readCertificates(variable, path);
  });
  return extra.length === 0 ? undefined : [...defaultAuthorities(), ...extra];
}

/** Returns what TLS connections need to trust certain authorities: nothing for Node's default. */
export type Trust = () => { readonly secureContext?: tls.SecureContext };

/**
 * Returns one context for all connections, since Node would parse a plain list again for each of them. The first call
 * creates it, which takes tens of milliseconds: a start does not wait for it.
 */
export function trustOf(authorities: readonly string[] | undefined): Trust {
  if (authorities === undefined) {
    return () => ({});
  }
  let secureContext: tls.SecureContext | undefined;
  return () => {
    secureContext ??= tls.createSecureContext({ ca: [...authorities] });
    return { secureContext };
  };
}

/** Node's own authorities. From 22.15 on, they include those of the system (`--use-system-ca`). */
function defaultAuthorities(): readonly string[] {
  const { rootCertificates, getCACertificates }: TlsAuthorities = tls;
  return getCACertificates?.('default') ?? rootCertificates;
}

/** The used part of `node:tls`, including a function that the oldest supported Node and its types lack. */
interface TlsAuthorities {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (type: 'default') => string[];
}

/**
 * Returns the PEM certificates in a file.
 * @param variable the setting with the path, for errors
 * @throws NetworkConfigError for a file that is unreadable, without certificates, or has an invalid one
 */
export function readCertificates(variable: string, path: string): string[] {
  const certificates = readText(variable, path).match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g);
  if (certificates === null) {
    throw new NetworkConfigError(variable, `${path} has no PEM certificate`);
  }
  for (const [index, certificate] of certificates.entries()) {
    // TLS contexts silently skip certificates that they cannot parse.
    if (!isCertificate(certificate)) {
      throw new NetworkConfigError(variable, `certificate ${index + 1} in ${path} cannot be parsed`);
    }
  }
  return certificates;
}

/** Most megabytes of a file. A bundle with all public authorities has a quarter of one. */
const LARGEST_MIB = 16;

function readText(variable: string, path: string): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readAtMostSync(LARGEST_MIB * 1024 * 1024, path);
  } catch (error) {
    throw new NetworkConfigError(variable, describeUnreadable(path, reasonOf(error)));
  }
  if (bytes === undefined) {
    throw new NetworkConfigError(variable, `${path} is larger than ${LARGEST_MIB} MiB`);
  }
  return bytes.toString('utf8');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
