import { EventEmitter, once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import request from 'supertest';
import { describe, expect, test, vi } from 'vitest';
import { KEPT_EVENTS, MAX_LISTENERS } from '../../src/http/api/event-stream.ts';
import { queryJson } from '../../src/http/api/query-endpoints.ts';
import { createApp } from '../../src/http/app.ts';
import type { AppOptions } from '../../src/http/app-options.ts';
import type { Access } from '../../src/http/security/access.ts';
import type { QueryView } from '../../src/registry/query-view.ts';
import type { StatusChange, StatusChangeListener } from '../../src/state/status-changes.ts';
import type { TestScope } from '../support/daemon.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { appOptions, failingView, queryView } from './fixtures.ts';

interface Listener {
  readonly answer: IncomingMessage;
  text(): string;
  /** Disconnects. */
  leave(): void;
}

/** An app with its events, on a port of its own. */
async function serveEvents(
  { onTestFinished }: TestScope,
  views: readonly QueryView[] = [],
  options: Pick<AppOptions, 'access'> = {},
) {
  const clock = new FakeClock();
  const ending = new AbortController();
  const subscribed = new Set<StatusChangeListener>();
  const app = createApp(
    appOptions(views, {
      ...options,
      clock,
      shutdown: ending.signal,
      subscribe(listener) {
        subscribed.add(listener);
        return () => subscribed.delete(listener);
      },
    }),
  );
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    app,
    clock,
    ending,
    subscribed,
    server,
    tell(...changes: readonly StatusChange[]) {
      for (const listener of subscribed) {
        listener(changes);
      }
    },
    async listen(headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
      const asked = get({ port, host: '127.0.0.1', path: '/api/v1/events', headers, agent: false });
      const answer = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve));
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('error', () => undefined);
      return { answer, text: () => text, leave: () => asked.destroy() };
    },
  };
}

const changed = (name: string): StatusChange => ({ name, kind: 'changed' });

/** The events so far, without comments. */
function eventsOf(text: string): { event: string; id: string; data: unknown }[] {
  return [...text.matchAll(/^event: (.*)\nid: (.*)\ndata: (.*)\n\n/gm)].map(([, event = '', id = '', data = '']) => ({
    event,
    id,
    data: JSON.parse(data),
  }));
}

describe('GET /api/v1/events', () => {
  test('sends a changed query with the JSON of the API, and the name of a removed one', async (scope) => {
    const views = [queryView(), failingView()];
    const { listen, tell } = await serveEvents(scope, views);
    const listener = await listen({ 'Accept-Encoding': 'gzip' });
    expect(listener.answer.statusCode).toBe(200);
    expect(listener.answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(listener.answer.headers).not.toHaveProperty('content-encoding');
    tell(changed('failing'), { name: 'gone\nevent: x', kind: 'removed' });
    tell(changed('checkout-watch'));
    await vi.waitFor(() => expect(eventsOf(listener.text())).toHaveLength(3));
    const events = eventsOf(listener.text());
    expect(events.map(({ event, data }) => ({ event, data }))).toEqual([
      { event: 'status', data: queryJson(failingView()) },
      { event: 'removed', data: { name: 'gone\nevent: x' } },
      { event: 'status', data: queryJson(queryView()) },
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    expect(listener.text()).toMatch(/^retry: 5000\n\n/);
  });

  test('sends a heartbeat every 15 seconds', async (scope) => {
    const { listen, clock } = await serveEvents(scope);
    const listener = await listen();
    await clock.advance(45_000);
    await vi.waitFor(() => expect(listener.text().match(/^: .*\n\n/gm)).toHaveLength(3));
  });

  test('returns no events for HEAD', async (scope) => {
    const { app, subscribed } = await serveEvents(scope);
    await request(app).head('/api/v1/events').expect(200).expect('Content-Type', 'text/event-stream; charset=utf-8');
    expect(subscribed.size).toBe(0);
  });

  test('follows changes only with listeners, and for a minute after the last one', async (scope) => {
    const { listen, clock, subscribed, server } = await serveEvents(scope);
    expect(subscribed.size).toBe(0);
    const first = await listen();
    const second = await listen();
    expect(subscribed.size).toBe(1);
    first.leave();
    second.leave();
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
    await clock.advance(59_000);
    expect(subscribed.size).toBe(1);
    await clock.advance(1_000);
    expect(subscribed.size).toBe(0);
  });

  test('keeps following if a listener reconnects within that minute', async (scope) => {
    const { listen, clock, subscribed, server } = await serveEvents(scope);
    const first = await listen();
    first.leave();
    await vi.waitFor(async () => expect(await connectionsOf(server)).toBe(0));
    await clock.advance(30_000);
    await listen();
    await clock.advance(600_000);
    expect(subscribed.size).toBe(1);
  });

  test('sends missed events after a reconnection', async (scope) => {
    const { listen, tell } = await serveEvents(scope, [queryView({ name: 'a' }), queryView({ name: 'b' })]);
    const first = await listen();
    tell(changed('a'));
    await vi.waitFor(() => expect(eventsOf(first.text())).toHaveLength(1));
    first.leave();
    tell(changed('b'), { name: 'c', kind: 'removed' });
    const again = await listen({ 'Last-Event-ID': eventsOf(first.text())[0]?.id ?? '' });
    await vi.waitFor(() => expect(eventsOf(again.text())).toHaveLength(2));
    expect(eventsOf(again.text()).map(({ event }) => event)).toEqual(['status', 'removed']);
    const upToDate = await listen({ 'Last-Event-ID': eventsOf(again.text())[1]?.id ?? '' });
    tell(changed('a'));
    await vi.waitFor(() => expect(eventsOf(upToDate.text())).toHaveLength(1));
  });

  test.each(['', 'x', 'x-1', '0-0', '-', 'é'])('sends reset for the unknown event ID %j', async (id) => {
    const ends: (() => Promise<void> | void)[] = [];
    const { listen } = await serveEvents({ onTestFinished: (end) => ends.push(end) });
    const listener = await listen({ 'Last-Event-ID': id });
    await vi.waitFor(() => expect(eventsOf(listener.text())).toMatchObject([{ event: 'reset', data: {} }]));
    await Promise.all(ends.map((end) => end()));
  });

  test('sends reset if too many events were missed, or happen at once', async (scope) => {
    const { listen, tell } = await serveEvents(scope, [queryView({ name: 'a' })]);
    const first = await listen();
    tell(changed('a'));
    await vi.waitFor(() => expect(eventsOf(first.text())).toHaveLength(1));
    first.leave();
    for (let i = 0; i < KEPT_EVENTS + 1; i += 1) {
      tell(changed('a'));
    }
    const again = await listen({ 'Last-Event-ID': eventsOf(first.text())[0]?.id ?? '' });
    await vi.waitFor(() => expect(eventsOf(again.text()).map(({ event }) => event)).toEqual(['reset']));
    tell(...Array.from({ length: KEPT_EVENTS + 1 }, (_, i) => changed(`q${i}`)));
    await vi.waitFor(() => expect(eventsOf(again.text()).map(({ event }) => event)).toEqual(['reset', 'reset']));
  });

  test('keeps fewer events if they are long', async (scope) => {
    const { listen, tell } = await serveEvents(scope, [queryView({ labels: { long: 'x'.repeat(500_000) } })]);
    const first = await listen();
    tell(changed('checkout-watch'));
    await vi.waitFor(() => expect(eventsOf(first.text())).toHaveLength(1));
    first.leave();
    for (let i = 0; i < 9; i += 1) {
      tell(changed('checkout-watch'));
    }
    const again = await listen({ 'Last-Event-ID': eventsOf(first.text())[0]?.id ?? '' });
    await vi.waitFor(() => expect(eventsOf(again.text()).map(({ event }) => event)).toEqual(['reset']));
    tell(changed('checkout-watch'), changed('checkout-watch'), changed('checkout-watch'));
    await vi.waitFor(() => expect(eventsOf(again.text()).map(({ event }) => event)).toEqual(['reset', 'reset']));
  });

  test('rejects listeners above the limit', async (scope) => {
    const { app, listen } = await serveEvents(scope);
    const listeners = await Promise.all(Array.from({ length: MAX_LISTENERS }, () => listen()));
    const { body } = await request(app).get('/api/v1/events').expect(503).expect('Retry-After', '10');
    expect(body.error).toEqual({ code: 'unavailable', message: 'Limit of 100 event streams reached', details: [] });
    listeners[0]?.leave();
    await vi.waitFor(async () => expect((await listen()).answer.statusCode).toBe(200));
  });

  test('frees the slot of a client that disconnects during authentication', async (scope) => {
    const asked: ServerResponse[] = [];
    const admission = new EventEmitter();
    const access = async (): Promise<Access> => {
      await once(admission, 'known');
      return { headers: {}, passwords: undefined };
    };
    const { server, subscribed } = await serveEvents(scope, [], { access });
    server.on('request', (_request, response) => asked.push(response));
    const { port } = server.address() as AddressInfo;
    const early = get({ port, host: '127.0.0.1', path: '/api/v1/events', agent: false }).on('error', () => undefined);
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    early.destroy();
    await vi.waitFor(() => expect(asked[0]?.closed).toBe(true));
    admission.emit('known');
    await turn();
    expect(subscribed.size).toBe(0);
  });

  test('disconnects only the listener that does not read', async (scope) => {
    const { listen, tell, server } = await serveEvents(scope, [queryView({ labels: { long: 'x'.repeat(200_000) } })]);
    const slow = await listen();
    slow.answer.pause();
    const reader = await listen();
    await vi.waitFor(
      async () => {
        tell(changed('checkout-watch'));
        expect(await connectionsOf(server)).toBe(1);
      },
      { timeout: 15_000, interval: 5 },
    );
    const before = eventsOf(reader.text()).length;
    tell(changed('checkout-watch'));
    await vi.waitFor(() => expect(eventsOf(reader.text()).length).toBeGreaterThan(before));
  });

  test('ends at once on shutdown', async (scope) => {
    const { app, listen, tell, ending, subscribed } = await serveEvents(scope, [queryView()]);
    const listener = await listen();
    tell(changed('checkout-watch'));
    const ended = once(listener.answer, 'end');
    ending.abort();
    await ended;
    expect(eventsOf(listener.text())).toHaveLength(1);
    expect(subscribed.size).toBe(0);
    const { body } = await request(app).get('/api/v1/events').expect(503);
    expect(body.error.message).toBe('The exporter is shutting down');
  });
});

function connectionsOf(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}
