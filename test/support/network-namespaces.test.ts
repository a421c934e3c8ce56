import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { listenOnLoopback } from './loopback-server.ts';
import { createNetwork, whyNoNamespaces } from './network-namespaces.ts';

const NO_NAMESPACES = whyNoNamespaces();

/** Namespaces of this process. */
function namespaces(): readonly string[] {
  const names = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
  return names.filter((name) => name.startsWith(`nfm-${process.pid}-`));
}

test('removes a network and ends the programs on its hosts', async (scope) => {
  scope.skip(NO_NAMESPACES !== undefined, NO_NAMESPACES);
  const ends: (() => Promise<void> | void)[] = [];
  const { hosts } = await createNetwork({ onTestFinished: (end) => ends.push(end) }, ['host']);
  const [program = '', ...args] = [...hosts.host.through, 'sleep', '600'];
  const sleeper = spawn(program, args, { stdio: 'ignore' });
  const ended = once(sleeper, 'exit');
  expect(namespaces()).toHaveLength(2);
  await Promise.all(ends.map((end) => end()));
  expect(namespaces()).toEqual([]);
  expect(await ended).toEqual([null, 'SIGKILL']);
});

test('drops packets between two hosts without a reply, until the link is healed', async (scope) => {
  scope.skip(NO_NAMESPACES !== undefined, NO_NAMESPACES);
  const { hosts, cut, heal, isolate, rejoin } = await createNetwork(scope, ['client', 'server', 'other']);
  const url = await listenOnLoopback(
    scope,
    createServer((_request, response) => response.end('received')),
  );
  const forwarded = `http://${await hosts.server.forward(Number(new URL(url).port))}`;
  const received = (host: keyof typeof hosts, timeout = 10_000) => hosts[host].text(forwarded, timeout);
  expect(await received('client')).toBe('received');

  await cut('client', 'server');
  await expect(received('client', 300)).rejects.toThrow('timed out');
  expect(await received('other')).toBe('received');
  await heal('client', 'server');
  expect(await received('client')).toBe('received');

  await isolate('server');
  await expect(received('other', 300)).rejects.toThrow('timed out');
  expect(await received('server')).toBe('received');
  await rejoin('server');
  expect(await received('other')).toBe('received');
});
