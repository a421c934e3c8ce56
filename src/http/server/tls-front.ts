import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket, Server as TlsServer } from 'node:tls';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import type { TlsConfig } from '../security/web-config-file.ts';
import { PLAIN_HTTP_ANSWER } from './client-error.ts';
import { createTlsServer, type TlsOutcome } from './tls-server.ts';

/** The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1). */
const HANDSHAKE = 22;

export interface TlsFrontOptions {
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
  const outcome: TlsOutcome = {
    allowed(socket) {
      secured(socket);
      for (const listener of speakHttp) {
        listener.call(server, socket);
      }
    },
    refused(socket, reason) {
      log.debug('TLS refused', { client: socket.remoteAddress, reason });
    },
  };
  let current: { readonly config: TlsConfig; readonly server: TlsServer } | undefined;
  const shakeHands = async (socket: Socket) => {
    const config = await tls();
    if (current?.config !== config) {
      current = { config, server: createTlsServer(config, handshakeTimeout, outcome) };
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
