import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestScope } from './daemon.ts';

/**
 * What happens to the connections of a proxy. `pass`: nothing. `refuse`: they are closed, old and new ones. `lose a reply`: the next
 * request arrives, and its connection is closed in place of the reply. `hold replies`: requests arrive, and replies wait until
 * they pass again. `hold all`: nothing passes. `repeat requests`: each arrives twice, and the second reply is returned.
 */
export type ConnectionFault = 'pass' | 'refuse' | 'lose a reply' | 'hold replies' | 'hold all' | 'repeat requests';

/** A TCP proxy on the loopback address, whose fault a test changes. It ends with the scope. */
export interface FaultyProxy {
  readonly port: number;
  set(fault: ConnectionFault): void;
  /** Number of connections since the start. */
  connections(): number;
}

export async function startFaultyProxy({ onTestFinished }: TestScope, target: number): Promise<FaultyProxy> {
  let fault: ConnectionFault = 'pass';
  let connections = 0;
  const open = new Set<Socket>();
  const held: (() => void)[] = [];
  const end = () => {
    for (const socket of open) {
      socket.destroy();
    }
  };
  const server = createServer((client) => {
    connections += 1;
    if (fault === 'refuse') {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (fault === 'repeat requests') {
        const first = connect(target, '127.0.0.1');
        first.write(bytes);
        first.once('data', () => {
          first.destroy();
          upstream.write(bytes);
        });
      } else {
        pass(() => upstream.write(bytes), fault === 'hold all');
      }
    });
    upstream.on('data', (bytes) => {
      if (fault === 'lose a reply') {
        fault = 'pass';
        client.destroy();
      } else {
        pass(() => client.write(bytes), fault.startsWith('hold'));
      }
    });
  });
  const pass = (send: () => void, isHeld: boolean) => {
    if (isHeld) {
      held.push(send);
    } else {
      send();
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    end();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => connections,
    set(next) {
      fault = next;
      if (next === 'refuse') {
        end();
      }
      if (next === 'pass') {
        for (const send of held.splice(0)) {
          send();
        }
      }
    },
  };
}
