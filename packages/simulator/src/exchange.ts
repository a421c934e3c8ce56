import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from './clock.ts';
import type { ChosenFaults, FaultFacts, ResponseFault } from './fault.ts';
import type { Call, FrontEnd } from './front-end.ts';
import type { Service } from './protocols.ts';
import { type Reply, spoiled } from './reply.ts';

export interface RequestRecord {
  /** When the request's headers arrived, in milliseconds since the Unix epoch on the simulator's clock. */
  at: number;
  /** Empty if the access key is unknown and the scenario has credentials. */
  account: string;
  region: string;
  /** The API's name of the operation, or `Unknown`. */
  operation: string;
  service: Service;
  method: string;
  /** Percent-encoded, without the query string. */
  path: string;
  queryId?: string;
  /** Number of the attempt from the SDK's header `amz-sdk-request`; 1 for the first. */
  attempt?: number;
  /** The HTTP status; `undefined` if the request hangs or was reset, or if the client has disconnected. */
  status: number | undefined;
  /** Name of the error; undefined for a success. */
  error?: string;
}

export interface ExchangesOptions {
  clock: Clock;
  frontEnd: FrontEnd;
  chooseFaults(facts: FaultFacts): ChosenFaults;
  /** Returns the metrics of the agents, in the text format of Prometheus. */
  agentMetrics(): string;
  onRequest?: ((record: RequestRecord) => void) | undefined;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** Path of the metrics of all agents, which is not part of any AWS service. */
const AGENT_METRICS = '/agent/metrics';
const EMPTY = Buffer.alloc(0);
const GREETING: Reply = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Simulator of AWS Network Flow Monitor, CloudWatch, and STS. This is an endpoint for AWS clients.\n',
};

/** Handles HTTP requests: responses, delays, and broken connections. */
export class Exchanges {
  readonly #options: ExchangesOptions;
  /** Cancels pending delays of latency faults. */
  readonly #waits = new Set<() => void>();

  constructor(options: ExchangesOptions) {
    this.#options = options;
  }

  begin(request: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    const at = this.#options.clock.now();
    if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
      this.#handle(request, response, at, EMPTY);
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      if (length > MAX_BODY_BYTES) {
        this.#send(response, { status: 413, headers: { connection: 'close' }, body: '' });
      } else {
        this.#handle(request, response, at, Buffer.concat(chunks));
      }
    });
  }

  abandon(): void {
    for (const end of this.#waits) {
      end();
    }
  }

  #handle(request: IncomingMessage, response: ServerResponse, at: number, body: Buffer): void {
    const { method = '', url = '' } = request;
    const [path = '', ...query] = url.split('?');
    if (path === '/' && (method === 'GET' || method === 'HEAD')) {
      this.#send(response, GREETING);
      return;
    }
    if (path === AGENT_METRICS && method === 'GET') {
      const headers = { 'content-type': 'text/plain; version=0.0.4' };
      this.#send(response, { status: 200, headers, body: this.#options.agentMetrics() });
      return;
    }
    const { clock, frontEnd, chooseFaults, onRequest } = this.#options;
    const call = frontEnd.recognize({ method, path, queryString: query.join('?'), headers: request.headers, body });
    const record = (reply?: Reply) => onRequest?.(recordOf(call, request, { at, method, path }, reply));
    const { delay, fault } = chooseFaults(call.facts);
    if (delay === 0) {
      record(this.#reply(call, fault, response));
      return;
    }
    const endWait = () => {
      this.#waits.delete(abandon);
      response.off('close', abandon);
    };
    const cancel = clock.setTimer(delay, () => {
      endWait();
      record(this.#reply(call, fault, response));
    });
    const abandon = () => {
      endWait();
      cancel();
      record();
    };
    this.#waits.add(abandon);
    response.on('close', abandon);
  }

  /** Returns the response that was sent; `undefined` if the fault prevents one. */
  #reply(call: Call, fault: ResponseFault | undefined, response: ServerResponse): Reply | undefined {
    if (fault?.kind === 'hang' || fault?.kind === 'reset') {
      if (fault.after === 'headers') {
        this.#writeHead(response, call.reply());
        response.flushHeaders();
      }
      if (fault.kind === 'reset') {
        response.socket?.resetAndDestroy();
      }
      return undefined;
    }
    const reply =
      fault?.kind === 'error' || fault?.kind === 'throttle'
        ? call.failWith(fault)
        : fault
          ? spoiled(call.reply(), fault)
          : call.reply();
    this.#send(response, reply);
    return reply;
  }

  #send(response: ServerResponse, reply: Reply): void {
    this.#writeHead(response, reply);
    response.end(reply.body);
  }

  /** The Date header has the simulator's time: clients correct their own clock by it. */
  #writeHead(response: ServerResponse, { status, headers, body }: Reply): void {
    const date = new Date(this.#options.clock.now()).toUTCString();
    response.writeHead(status, { ...headers, date, 'content-length': Buffer.byteLength(body) });
  }
}

function recordOf(
  { account, region, operation, service, facts: { queryId } }: Call,
  { headers }: IncomingMessage,
  request: Pick<RequestRecord, 'at' | 'method' | 'path'>,
  reply: Reply | undefined,
): RequestRecord {
  const attempt = /\battempt=(\d+)/.exec(String(headers['amz-sdk-request'] ?? ''))?.[1];
  return {
    ...{ ...request, account, region, operation, service, status: reply?.status },
    ...(queryId !== undefined && { queryId }),
    ...(attempt !== undefined && { attempt: Number(attempt) }),
    ...(reply?.error !== undefined && { error: reply.error }),
  };
}
