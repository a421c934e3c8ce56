import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Clock } from '../../lib/clock.ts';
import type { Context } from '../../lib/context.ts';
import type { StatusChange } from '../../state/status-changes.ts';
import type { ServedQueries } from '../app-options.ts';
import { EVENT_STREAM, HttpError } from '../server/respond.ts';
import { queryJson } from './query-endpoints.ts';

/** Maximum number of listeners: each needs a connection and memory for unread events. */
export const MAX_LISTENERS = 100;
/** Limit of bytes that a listener has not read, and of bytes sent at once. */
const MAX_UNREAD = 1024 * 1024;
const HEARTBEAT_MS = 15_000;
/** Number of events to keep for reconnecting listeners, and to send at once; beyond it, listeners receive `reset`. */
export const KEPT_EVENTS = 1000;
/** Maximum number of characters of these events: sending all of them must not exceed the limit of unread bytes. */
const MAX_KEPT = MAX_UNREAD;
/** How long events are kept without listeners, in milliseconds. */
const KEPT_FOR_MS = 60_000;
/** How long listeners can read after the shutdown has begun, in milliseconds. */
const LAST_READ_MS = 500;
const RETRY_SECONDS = 10;

/**
 * `GET /api/v1/events`: server-sent events. `status` has the JSON of a query whose status, `up`, last error, or last run has
 * changed; changes within half a second are combined. `removed` has the name of a removed query: `{"name": …}`. `reset` means
 * that events were missed, and the client should read all queries again. A client that sends `Last-Event-ID` receives the
 * events since then, if they are kept.
 *
 * Listeners that do not read, and listeners above the limit, are disconnected: they do not delay others.
 */
export class EventStream {
  readonly #queries: ServedQueries;
  readonly #clock: Clock;
  readonly #shutdown: AbortSignal;
  readonly #listeners = new Set<ServerResponse>();
  /** The last events, up to `#number`. */
  readonly #kept: string[] = [];
  #keptLength = 0;
  /** Start of following changes without a gap; prefix of each event ID. Undefined while changes are not followed. */
  #epoch: string | undefined;
  #number = 0;
  #unsubscribe: () => void = () => undefined;
  #cancelForgetting: () => void = () => undefined;
  #cancelHeartbeat: () => void = () => undefined;

  constructor(queries: ServedQueries, { clock, shutdown }: Pick<Context, 'clock' | 'shutdown'>) {
    this.#queries = queries;
    this.#clock = clock;
    this.#shutdown = shutdown;
    shutdown.addEventListener('abort', () => this.#end(), { once: true });
  }

  readonly handler: RequestHandler = (request, response) => {
    const { aborted } = this.#shutdown;
    if (aborted || this.#listeners.size >= MAX_LISTENERS) {
      response.setHeader('Retry-After', RETRY_SECONDS);
      const message = aborted ? 'The exporter is shutting down' : `Limit of ${MAX_LISTENERS} event streams reached`;
      throw new HttpError('unavailable', message);
    }
    // Disables buffering of events in proxies.
    response.writeHead(200, { 'Content-Type': EVENT_STREAM, 'X-Accel-Buffering': 'no' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    this.#cancelForgetting();
    if (this.#epoch === undefined) {
      this.#epoch = this.#clock.now().toString(36);
      this.#unsubscribe = this.#queries.subscribe((changes) => this.#publish(changes));
    }
    if (this.#listeners.size === 0) {
      this.#beat();
    }
    this.#listeners.add(response);
    response.once('close', () => this.#remove(response));
    response.write(`retry: ${(RETRY_SECONDS * 1_000) / 2}\n\n`);
    const lastEventId = request.get('Last-Event-ID');
    if (lastEventId !== undefined) {
      response.write(this.#missedSince(lastEventId));
    }
  };

  /** Returns all events after the given one, or `reset` if they are unknown. */
  #missedSince(lastEventId: string): string {
    const [epoch, last] = lastEventId.split('-');
    const missed = this.#number - Number(last);
    return epoch === this.#epoch && missed >= 0 && missed <= this.#kept.length
      ? this.#kept.slice(this.#kept.length - missed).join('')
      : this.#format('reset', this.#number, {});
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size === 0 && !this.#shutdown.aborted) {
      this.#cancelHeartbeat();
      this.#cancelForgetting = this.#clock.setTimer(KEPT_FOR_MS, () => this.#forget());
    }
  }

  #forget(): void {
    this.#unsubscribe();
    this.#epoch = undefined;
    this.#clear();
  }

  #clear(): void {
    this.#kept.length = 0;
    this.#keptLength = 0;
  }

  #publish(changes: readonly StatusChange[]): void {
    const events =
      changes.length > KEPT_EVENTS ? [] : changes.map((change, i) => this.#event(change, this.#number + 1 + i));
    const text = events.join('');
    if (changes.length > KEPT_EVENTS || text.length > MAX_UNREAD) {
      this.#number += 1;
      this.#clear();
      this.#send(this.#format('reset', this.#number, {}));
      return;
    }
    this.#number += changes.length;
    this.#kept.push(...events);
    this.#keptLength += text.length;
    while (this.#kept.length > KEPT_EVENTS || this.#keptLength > MAX_KEPT) {
      this.#keptLength -= this.#kept.shift()?.length ?? 0;
    }
    this.#send(text);
  }

  #event({ name, kind }: StatusChange, number: number): string {
    const view = kind === 'removed' ? undefined : this.#queries.get(name);
    return view === undefined
      ? this.#format('removed', number, { name })
      : this.#format('status', number, queryJson(view));
  }

  #format(event: string, number: number, data: unknown): string {
    return `event: ${event}\nid: ${this.#epoch}-${number}\ndata: ${JSON.stringify(data)}\n\n`;
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#clock.setTimer(HEARTBEAT_MS, () => {
      this.#send(': heartbeat\n\n');
      this.#beat();
    });
  }

  #send(text: string): void {
    const bytes = Buffer.from(text);
    for (const response of this.#listeners) {
      if (response.writableLength > MAX_UNREAD) {
        response.destroy();
      } else {
        response.write(bytes);
      }
    }
  }

  #end(): void {
    for (const response of this.#listeners) {
      response.end();
      // Listeners that are slower must not delay the shutdown.
      response.once(
        'close',
        this.#clock.setTimer(LAST_READ_MS, () => response.destroy()),
      );
    }
    this.#cancelHeartbeat();
    this.#cancelForgetting();
    this.#forget();
  }
}
