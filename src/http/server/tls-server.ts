import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isRequired, isVerified } from '../security/web-config.ts';
import type { TlsConfig } from '../security/web-config-file.ts';

/** What becomes of connections. */
export interface TlsOutcome {
  /** Hands were shaken, and the client may go on. Nothing was read yet. */
  allowed(socket: TLSSocket): void;
  /** The connection is ended. */
  refused(socket: TLSSocket, reason: string): void;
}

/**
 * A TLS server that listens nowhere: connections are given to it with `emit('connection')`. Those that the policy for
 * client certificates does not allow are refused.
 *
 * @param handshakeTimeout how long shaking hands may take, in milliseconds
 */
export function createTlsServer(config: TlsConfig, handshakeTimeout: number, outcome: TlsOutcome): Server {
  const server = createServer({
    cert: config.cert,
    key: config.key,
    ...(config.clientCa === undefined ? {} : { ca: config.clientCa }),
    requestCert: config.clientAuth !== 'NoClientCert',
    // Node knows no policy between none and all. Which one is kept is looked at below.
    rejectUnauthorized: false,
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ...(config.ciphers.length === 0 ? {} : { ciphers: config.ciphers.join(':') }),
    ...(config.curves.length === 0 ? {} : { ecdhCurve: config.curves.join(':') }),
    honorCipherOrder: config.preferServerCiphers,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
  });
  const refuse = (socket: TLSSocket, reason: string) => {
    outcome.refused(socket, reason);
    socket.destroy();
  };
  server.on('tlsClientError', (error, socket) => refuse(socket, error.message));
  server.on('secureConnection', (socket) => {
    const reason = refusalOf(socket, config);
    if (reason === undefined) {
      outcome.allowed(socket);
    } else {
      refuse(socket, reason);
    }
  });
  return server;
}

function refusalOf(socket: TLSSocket, { clientAuth, allowedSans }: TlsConfig): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return isRequired(clientAuth) ? 'no client certificate' : undefined;
  }
  if (isVerified(clientAuth) && !socket.authorized) {
    return `client certificate not verified: ${socket.authorizationError}`;
  }
  const named = allowedSans.length === 0 || allowedSans.some((name) => hasAlternativeName(certificate, name));
  return named ? undefined : 'client certificate without an allowed alternative name';
}

/** Whether a certificate has exactly this DNS name, IP address, e-mail address or URI among its alternative names. */
function hasAlternativeName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) {
    return certificate.checkIP(name) !== undefined;
  }
  // As Node prints them: `DNS:a, URI:"b, c"`. Read from the begin without a gap: what looks like a name inside another is none.
  const entries = certificate.subjectAltName?.matchAll(/([\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy) ?? [];
  return [...entries].some(
    ([, kind = '', shown = '']) =>
      ['DNS', 'email', 'URI'].includes(kind) && (shown.startsWith('"') ? JSON.parse(shown) : shown) === name,
  );
}
