import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { HttpHandler, HttpRequest, HttpResponse } from '@smithy/core/protocols';
import type { NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import type { HttpHandlerOptions } from '@smithy/types';
import { ByteCollector } from '../../lib/byte-collector.ts';
import type { Clock } from '../../lib/clock.ts';
import { FairQueue, lazy, nextTurn, untilAborted } from '../../lib/concurrency.ts';
import { withoutEcho } from '../credentials/echoed-secrets.ts';
import { InvalidResponse, TimeoutError } from '../errors.ts';
import { largestBody, refuseExcessiveJson } from '../response-limits.ts';
import { unresolved } from './name-lookup.ts';
import type { Network } from './network.ts';

export interface BoundedHandlerOptions {
  readonly network: Pick<Network, 'httpAgent' | 'httpsAgent' | 'proxyAuthorizations' | 'unresolvedName'>;
  readonly clock: Clock;
  /** Milliseconds from the start of a request to the last byte of the response. */
  readonly timeout: number;
  /** Maximum of concurrent requests. Others wait without a time limit, and hosts take turns. Defaults to no limit. */
  readonly atOnce?: number;
}

/**
 * The request handler of all AWS clients. It adds limits that the SDK's handler lacks: the time until a response is complete
 * (the SDK's `requestTimeout` ends with the headers, and has no default), and the size and content of a response. It removes
 * secrets of the request from the response body.
 */
export class BoundedHandler implements HttpHandler<NodeHttpHandlerOptions> {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #options: BoundedHandlerOptions;
  readonly #queue: FairQueue;
  /** Loaded with the first request, as the rest of the SDK. */
  readonly #inner = lazy(async () => {
    const { NodeHttpHandler } = await import('@smithy/node-http-handler');
    return new NodeHttpHandler(this.httpHandlerConfigs());
  });
  /** As {@link BoundedHandlerOptions.timeout}, for requests that start from now on. */
  timeout: number;

  constructor(options: BoundedHandlerOptions) {
    this.#options = options;
    this.#queue = new FairQueue({
      atOnce: options.atOnce ?? Number.POSITIVE_INFINITY,
      mostWaiting: Number.POSITIVE_INFINITY,
    });
    this.timeout = options.timeout;
  }

  async handle(request: HttpRequest, options: HttpHandlerOptions = {}): Promise<{ response: HttpResponse }> {
    const { abortSignal } = options;
    const signal = abortSignal instanceof AbortSignal ? abortSignal : new AbortController().signal;
    return this.#queue.run(request.hostname, signal, () => this.#send(request, options));
  }

  async #send(request: HttpRequest, options: HttpHandlerOptions): Promise<{ response: HttpResponse }> {
    const { clock, network } = this.#options;
    const { timeout } = this;
    const ended = new AbortController();
    let timedOut = false;
    const cancelTimer = clock.setTimer(timeout, () => {
      timedOut = true;
      ended.abort();
    });
    const cancelChain = chainAbort(options.abortSignal, ended);
    try {
      const inner = await this.#inner();
      const handled = inner.handle(request, { ...options, abortSignal: ended.signal });
      // The SDK's handler waits forever for a response 101: Node closes the connection without an error.
      const { response } = await untilAborted(handled, ended.signal);
      const body = await collect(response, largestBody(request, response.statusCode));
      if (response.statusCode < 300) {
        refuseExcessiveJson(body);
        // Parsing a large body takes as long again: other work runs in between.
        await nextTurn();
      }
      response.body = withoutEcho(body, request, network.proxyAuthorizations);
      return { response };
    } catch (error) {
      throw timedOut ? this.#timeoutOf(request, timeout) : error;
    } finally {
      cancelTimer();
      cancelChain();
    }
  }

  #timeoutOf({ protocol, hostname, port }: HttpRequest, timeout: number): Error {
    const name = this.#options.network.unresolvedName(protocol, hostname, port);
    return name === undefined
      ? new TimeoutError(`no complete response within ${timeout / 1_000} s`)
      : unresolved(name, timeout);
  }

  updateHttpClientConfig(): void {
    // One handler serves all clients, which must not change it.
  }

  httpHandlerConfigs(): NodeHttpHandlerOptions {
    const { httpAgent, httpsAgent } = this.#options.network;
    return { httpAgent, httpsAgent };
  }

  destroy(): void {
    // Clients call this when they are destroyed, but share the agents.
  }
}

/** Aborts `controller` when `signal` aborts. Returns a function that removes the listener. */
function chainAbort(signal: HttpHandlerOptions['abortSignal'], controller: AbortController): () => void {
  if (!(signal instanceof AbortSignal)) {
    return () => undefined;
  }
  const onAbort = () => controller.abort();
  if (signal.aborted) {
    onAbort();
  }
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}

/** @throws InvalidResponse for a body of more than `largest` bytes, as early as possible */
async function collect({ body, headers }: HttpResponse, largest: number): Promise<Uint8Array> {
  const stream: Readable = body;
  const collected = new ByteCollector();
  const refuse = () => stream.destroy(new InvalidResponse(`the response is larger than ${largest} bytes`));
  stream.on('data', (chunk: Buffer) => {
    if (collected.length + chunk.length > largest) {
      refuse();
    } else {
      collected.add(chunk);
    }
  });
  const ended = once(stream, 'end');
  if (Number(headers['content-length'] ?? 0) > largest) {
    refuse();
  }
  await ended;
  return collected.take();
}
