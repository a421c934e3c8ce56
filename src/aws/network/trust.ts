import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';
import { NetworkConfigError } from './network-config-error.ts';

const VARIABLES = ['AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'] as const;

/**
 * The authorities to trust, each a PEM certificate: Node's own, extended by the PEM files that AWS_CA_BUNDLE and
 * NODE_EXTRA_CA_CERTS name. Undefined, for Node's default, when neither is set (an empty variable counts as unset).
 *
 * Node reads NODE_EXTRA_CA_CERTS itself, at start, but forgets it as soon as a list of authorities is given to it.
 * @throws NetworkConfigError for a file that cannot be read or holds anything but certificates between its PEM markers.
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

/** What Node trusts by itself: from 22.15 on it can tell, system authorities (`--use-system-ca`) included. */
function defaultAuthorities(): readonly string[] {
  const { rootCertificates, getCACertificates }: TlsAuthorities = tls;
  return getCACertificates?.('default') ?? rootCertificates;
}

/** The part of `node:tls` used here, with what the oldest supported Node and its types lack. */
interface TlsAuthorities {
  readonly rootCertificates: readonly string[];
  readonly getCACertificates?: (type: 'default') => string[];
}

function readCertificates(variable: string, path: string): string[] {
  const certificates = readText(variable, path).match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g);
  if (certificates === null) {
    throw new NetworkConfigError(variable, `${path} holds no PEM certificate`);
  }
  for (const [index, certificate] of certificates.entries()) {
    // TLS contexts skip what they cannot parse, without a word.
    if (!isCertificate(certificate)) {
      throw new NetworkConfigError(variable, `certificate ${index + 1} in ${path} cannot be parsed`);
    }
  }
  return certificates;
}

function readText(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new NetworkConfigError(variable, describeUnreadable(path, reasonOf(error)));
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
