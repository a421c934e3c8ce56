import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { TestScope } from './daemon.ts';

const run = promisify(execFile);

/** A host of a network: a network namespace with one address. */
export interface NetworkHost {
  readonly address: string;
  /** Command that runs the following command on the host, in the same process. */
  readonly through: readonly string[];
  /** Listens on a free port of the host, forwards connections to a port of the loopback address, and returns `HOST:PORT`. */
  forward(port: number): Promise<string>;
  /** The body of a URL, as a program on the host receives it: from its own addresses, even if its links are cut. */
  text(url: string, timeout: number): Promise<string>;
}

/** Hosts with a router between them. Nothing of it exists in the namespace of the test. */
export interface Network<Name extends string> {
  readonly hosts: Readonly<Record<Name, NetworkHost>>;
  /** Drops all packets between two hosts, without a reply to their senders. Connections remain open. */
  cut(a: Name, b: Name): Promise<void>;
  heal(a: Name, b: Name): Promise<void>;
  /** Cuts a host from all others, as if it were lost. */
  isolate(host: Name): Promise<void>;
  rejoin(host: Name): Promise<void>;
}

/** Waits until its input ends, also because the test was killed; then kills the processes of namespaces and removes them. */
const KEEPER = `
trap '' INT TERM HUP
cat >/dev/null
for name in "$@"; do
  ip netns pids "$name" | xargs -r kill -9
  ip netns delete "$name"
done`;

/** Passes a server that listens in its own namespace to its parent, and ends. */
const LISTENER = `
const server = require('node:net').createServer().listen(0, process.argv[1], () =>
  process.send(server.address().port, server, () => process.exit()));`;

let networks = 0;

/** Returns why this process cannot create network namespaces (for example, it is not root). Undefined if it can. */
export function whyNoNamespaces(): string | undefined {
  const name = `nfm-${process.pid}-probe`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'delete', name], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `network namespaces cannot be created: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Creates a network. It is removed when the scope ends or this process is killed. */
export async function createNetwork<Name extends string>(
  scope: TestScope,
  names: readonly Name[],
): Promise<Network<Name>> {
  networks += 1;
  const prefix = `nfm-${process.pid}-${networks}`;
  const router = `${prefix}-router`;
  const hosts = names.map((name, n) => ({ name, namespace: `${prefix}-${name}`, n, address: `10.0.${n}.2` }));
  keep(scope, [...hosts.map(({ namespace }) => namespace), router]);
  await ip(`netns add ${router}`, ...hosts.map(({ namespace }) => `netns add ${namespace}`));
  await ip(
    ...hosts.map(({ namespace, n }) => `link add eth0 netns ${namespace} type veth peer name host${n} netns ${router}`),
  );
  await Promise.all([
    ipOn(router, ...hosts.flatMap(({ n }) => [`address add 10.0.${n}.1/24 dev host${n}`, `link set host${n} up`])),
    run('ip', ['netns', 'exec', router, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']),
    ...hosts.map(({ namespace, n, address }) =>
      ipOn(
        namespace,
        'link set lo up',
        `address add ${address}/24 dev eth0`,
        'link set eth0 up',
        `route add default via 10.0.${n}.1`,
      ),
    ),
  ]);
  const addressOf = (name: Name) => hosts.find((host) => host.name === name)?.address ?? '';
  // A router discards what a rule sends to a black hole, and sends no error to the sender, unlike a host.
  const between = (verb: 'add' | 'delete', a: Name, b: Name) =>
    ipOn(
      router,
      `rule ${verb} from ${addressOf(a)} to ${addressOf(b)} blackhole`,
      `rule ${verb} from ${addressOf(b)} to ${addressOf(a)} blackhole`,
    );
  const around = (verb: 'add' | 'delete', host: Name) =>
    ipOn(router, `rule ${verb} from ${addressOf(host)} blackhole`, `rule ${verb} to ${addressOf(host)} blackhole`);
  const made = hosts.map(({ name, namespace, address }) => [name, hostOf(scope, namespace, address)]);
  return {
    hosts: Object.fromEntries(made),
    cut: (a, b) => between('add', a, b),
    heal: (a, b) => between('delete', a, b),
    isolate: (host) => around('add', host),
    rejoin: (host) => around('delete', host),
  };
}

function hostOf(scope: TestScope, namespace: string, address: string): NetworkHost {
  // Unlike `ip netns exec`, it mounts nothing.
  const through = ['nsenter', `--net=/run/netns/${namespace}`, '--'];
  return {
    address,
    through,
    async forward(port) {
      const { server, port: own } = await listenThrough(through, address);
      const sockets = new Set<Socket>();
      server.on('connection', (socket) => {
        const other = connect(port, '127.0.0.1');
        for (const [from, to] of [
          [socket, other],
          [other, socket],
        ] as const) {
          sockets.add(from);
          from.on('error', () => to.destroy());
          from.on('close', () => to.destroy());
          from.once('close', () => sockets.delete(from));
          from.pipe(to);
        }
      });
      scope.onTestFinished(() => {
        server.close();
        for (const socket of sockets) {
          socket.destroy();
        }
      });
      return `${address}:${own}`;
    },
    async text(url, timeout) {
      const [program = '', ...args] = [
        ...through,
        'curl',
        '-sS',
        '--globoff',
        '--max-time',
        String(timeout / 1_000),
        url,
      ];
      return (await run(program, args, { maxBuffer: 2 ** 26 })).stdout;
    },
  };
}

/** A server of this process that listens in the namespace of another command. */
async function listenThrough(through: readonly string[], address: string): Promise<{ server: Server; port: number }> {
  const [program = '', ...args] = [...through, process.execPath, '--eval', LISTENER, address];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  // Until its end, that process accepts connections too.
  const [[port, server]] = await Promise.all([once(child, 'message') as Promise<unknown[]>, once(child, 'exit')]);
  if (!(server instanceof Server) || typeof port !== 'number') {
    throw new Error(`no server was received for ${address}`);
  }
  return { server, port };
}

/** Removes namespaces when the scope ends, or the pipe to this process is closed by its end. */
function keep(scope: TestScope, namespaces: readonly string[]): void {
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', ...namespaces], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = once(keeper, 'exit');
  scope.onTestFinished(async () => {
    keeper.stdin?.end();
    await ended;
  });
}

async function ip(...commands: readonly string[]): Promise<void> {
  await batch(['-batch', '-'], commands);
}

async function ipOn(namespace: string, ...commands: readonly string[]): Promise<void> {
  await batch(['-netns', namespace, '-batch', '-'], commands);
}

/** @throws Error with the output of the first command that fails */
async function batch(args: readonly string[], commands: readonly string[]): Promise<void> {
  const child = run('ip', args);
  child.child.stdin?.end(`${commands.join('\n')}\n`);
  await child;
}
