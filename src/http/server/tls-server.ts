import type { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { isRequired, isVerified } from '../security/web-config.ts';
import type { TlsConfig } from '../security/web-config-file.ts';
import { PLAIN_HTTP_ANSWER } from './client-error.ts';

/**
 * Creates a TLS server that listens nowhere: connections are passed to it with `emit('connection')`.
 *
 * @param handshakeTimeout in milliseconds
 */
export function createTlsServer(config: TlsConfig, handshakeTimeout: number): TlsServer {
  return createServer({
    cert: config.cert,
    key: config.key,
    ...(config.clientCa === undefined ? {} : { ca: config.clientCa }),
    requestCert: config.clientAuth !== 'NoClientCert',
    // Node has no policy between none and all: see `refusalOf`.
    rejectUnauthorized: false,
    minVersion: config.minVersion,
    maxVersion: config.maxVersion,
    ...(config.ciphers.length === 0 ? {} : { ciphers: config.ciphers.join(':') }),
    ...(config.curves.length === 0 ? {} : { ecdhCurve: config.curves.join(':') }),
    honorCipherOrder: config.preferServerCiphers,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout,
  });
}

/** Why the policy for client certificates does not allow a connection. */
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

/** The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1). */
const HANDSHAKE = 22;

interface TlsFrontOptions {
  /** What TLS is spoken with on a connection that came just now. */
  readonly tls: () => Promise<TlsConfig>;
  /** Called with each connection over which hands were shaken, before HTTP is spoken. */
  readonly secured: (socket: TLSSocket) => void;
  /** How long a client may wait with its first byte, and then may shake hands, in milliseconds. */
  readonly handshakeTimeout: number;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly log: Logger;
}

/**
 * Puts TLS before an HTTP server that listens: `tls` is asked at each connection, so that all of its settings can change
 * between two. Node's own HTTPS server could change the certificate, but not the policy for clients.
 */
export function putTlsBefore(server: Server, options: TlsFrontOptions): void {
  const { tls, secured, handshakeTimeout, clock, log } = options;
  const speakHttp = server.listeners('connection');
  server.removeAllListeners('connection');
  const refuse = (socket: TLSSocket, reason: string) => {
    log.debug('TLS refused', { client: socket.remoteAddress, reason });
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
      for (const listener of speakHttp) {
        listener.call(server, socket);
      }
    });
    return { config, server: front };
  };
  let current: { readonly config: TlsConfig; readonly server: TlsServer } | undefined;
  const shakeHands = async (socket: Socket) => {
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
        shakeHands(socket).catch(destroy);
      } else {
        socket.end(PLAIN_HTTP_ANSWER);
        socket.destroySoon();
      }
    });
  });
}
