import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { isRequired, isVerified } from '../config/web-config.ts';
import type { TlsConfig } from '../config/web-config-file.ts';

/**
 * A TLS server that listens nowhere: connections are given to it with `emit('connection')`, and come out of
 * `secureConnection` when hands are shaken. One that the policy for client certificates does not allow is ended.
 *
 * @param handshakeTimeout how long shaking hands may take, in milliseconds
 * @param allowed called with each connection that may go on
 */
export function createTlsServer(
  config: TlsConfig,
  handshakeTimeout: number,
  allowed: (socket: TLSSocket) => void,
): Server {
  const server = createServer({
    cert: config.cert,
    key: config.key,
    ...(config.clientCa === undefined ? {} : { ca: config.clientCa }),
    requestCert: config.clientAuth !== 'NoClientCert',
    // Node knows no policy between none and all. Which one is kept is looked at below.
    rejectUnauthorized: false,
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ...(config.ciphers === undefined ? {} : { ciphers: config.ciphers.join(':') }),
    ...(config.curves === undefined ? {} : { ecdhCurve: config.curves.join(':') }),
    honorCipherOrder: config.preferServerCiphers,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('secureConnection', (socket) => {
    // Before the first byte is read, so that nothing is answered.
    if (mayGoOn(socket, config)) {
      allowed(socket);
    } else {
      socket.destroy();
    }
  });
  return server;
}

function mayGoOn(socket: TLSSocket, { clientAuth, allowedSans }: TlsConfig): boolean {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    return !isRequired(clientAuth);
  }
  const verified = socket.authorized || !isVerified(clientAuth);
  return verified && (allowedSans.length === 0 || allowedSans.some((name) => hasAlternativeName(certificate, name)));
}

/** Whether a certificate has exactly this DNS name, IP address, e-mail address or URI among its alternative names. */
function hasAlternativeName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) {
    return certificate.checkIP(name) !== undefined;
  }
  const names = certificate.subjectAltName?.matchAll(/(?:DNS|email|URI):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g) ?? [];
  return [...names].some(([, shown = '']) => (shown.startsWith('"') ? JSON.parse(shown) : shown) === name);
}
