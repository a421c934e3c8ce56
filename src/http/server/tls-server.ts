import type { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { isRequired, isVerified } from '../security/web-config.ts';
import type { TlsConfig } from '../security/web-config-file.ts';
import { PLAIN_HTTP_RESPONSE } from './client-error.ts';

/** Creates a TLS server that listens nowhere: `emit` passes connections to it. The time limit is in milliseconds. */
export function createTlsServer({ cert, key, clientCa, values }: TlsConfig, handshakeTimeout: number): TlsServer {
  return createServer({
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    requestCert: values.client_auth_type !== 'NoClientCert',
    // Node has no policy between none and all: see `refusalOf`.
    rejectUnauthorized: false,
    minVersion: values.min_version,
    maxVersion: values.max_version,
    ...(values.cipher_suites.length === 0 ? {} : { ciphers: values.cipher_suites.join(':') }),
    ...(values.curve_preferences.length === 0 ? {} : { ecdhCurve: values.curve_preferences.join(':') }),
    honorCipherOrder: values.prefer_server_cipher_suites,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
  });
}

/** Returns why the policy for client certificates does not allow a connection; undefined if it does. */
function refusalOf(socket: TLSSocket, { values }: TlsConfig): string | undefined {
  const { client_auth_type: clientAuth, client_allowed_sans: allowedSans } = values;
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

/** Returns whether a certificate has exactly this DNS name, IP address, email address, or URI as an alternative name. */
function hasAlternativeName(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) {
    return certificate.checkIP(name) !== undefined;
  }
  // Node's format is `DNS:a, URI:"b, c"`. Parsed from the start without gaps: text inside a name never counts as a name.
  const entries = certificate.subjectAltName?.matchAll(/([\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy) ?? [];
  return [...entries].some(
    ([, kind = '', shown = '']) =>
      ['DNS', 'email', 'URI'].includes(kind) && (shown.startsWith('"') ? JSON.parse(shown) : shown) === name,
  );
}

/** First byte of a TLS record that starts a handshake (RFC 8446, section 5.1). */
const HANDSHAKE = 22;

interface TlsFrontOptions {
  readonly tls: () => Promise<TlsConfig>;
  /** Called for each connection after the TLS handshake, before HTTP. */
  readonly secured: (socket: TLSSocket) => void;
  /** Time limit of the first byte, and then of the handshake, in milliseconds. */
  readonly handshakeTimeout: number;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly log: Logger;
}

/**
 * Puts TLS before an HTTP server: `tls` is called for each connection, so that all settings can change between two. Node's
 * HTTPS server could change the certificate, but not the policy for client certificates.
 */
export function putTlsBefore(server: Server, options: TlsFrontOptions): void {
  const { tls, secured, handshakeTimeout, clock, log } = options;
  const httpListeners = server.listeners('connection');
  server.removeAllListeners('connection');
  const refuse = (socket: TLSSocket, reason: string) => {
    log.debug('TLS connection rejected', { client: socket.remoteAddress, reason });
    socket.destroy();
  };
  const createFront = (config: TlsConfig) => {
    const front = createTlsServer(config, handshakeTimeout);
    front.on('tlsClientError', (error, socket) => refuse(socket, error.message));
    front.on('secureConnection', (socket) => {
      const reason = refusalOf(socket, config);
      if (reason !== undefined) {
        refuse(socket, reason);
        return;
      }
      secured(socket);
      for (const listener of httpListeners) {
        listener.call(server, socket);
      }
    });
    return { config, server: front };
  };
  let current: { readonly config: TlsConfig; readonly server: TlsServer } | undefined;
  const startHandshake = async (socket: Socket) => {
    const config = await tls();
    if (current?.config !== config) {
      current = createFront(config);
    }
    if (!socket.destroyed) {
      current.server.emit('connection', socket);
    }
  };
  server.on('connection', (socket: Socket) => {
    const destroy = () => socket.destroy();
    const cancel = clock.setTimer(handshakeTimeout, destroy);
    socket.once('close', cancel);
    socket.on('error', destroy);
    socket.once('readable', () => {
      cancel();
      const begin: unknown = socket.read();
      if (!Buffer.isBuffer(begin)) {
        socket.destroy();
      } else if (begin[0] === HANDSHAKE) {
        socket.unshift(begin);
        startHandshake(socket).catch(destroy);
      } else {
        socket.end(PLAIN_HTTP_RESPONSE);
        socket.destroySoon();
      }
    });
  });
}
