import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Monitor } from './account.ts';
import type { Answer } from './answer.ts';
import { createApi } from './api.ts';
import { type Clock, systemClock } from './clock.ts';
import { createCredentialStore } from './credentials.ts';
import { createFaultChooser, type Fault, type LatencyFault } from './fault.ts';
import { type Call, createFrontEnd } from './front-end.ts';
import { createInventory } from './inventory.ts';
import { createQueries, type RunningQuery } from './queries.ts';
import { defaultScenario, type Scenario } from './scenario.ts';
import { spoiled } from './spoiled-body.ts';
import { createSts } from './sts.ts';
import { createThrottle } from './throttle.ts';
import type { Worlds } from './worlds.ts';

export interface SimulatorOptions {
  /** A loopback address, 127.0.0.1 when absent; no other is listened on. */
  host?: string;
  /** Any free one when 0 or absent. */
  port?: number;
  /** `defaultScenario` when absent. */
  scenario?: Scenario;
  clock?: Clock;
  /** Called once for each request, when it is answered or it is settled that it will not be. */
  onRequest?(record: RequestRecord): void;
}

export interface RequestRecord {
  /** When the request's headers arrived, in milliseconds since the Unix epoch on the simulator's clock. */
  at: number;
  /** Empty when the access key is not known, though the scenario has keys checked. */
  account: string;
  region: string;
  /** The API's name of the operation, or Unknown. */
  operation: string;
  service: 'networkflowmonitor' | 'sts';
  method: string;
  /** Still percent-encoded, without the query string. */
  path: string;
  queryId?: string;
  /** From the SDK's header `amz-sdk-request`: 1 for the first. */
  attempt?: number;
  /** The HTTP status; `undefined` when the request was left hanging or reset, or its client had gone away. */
  status: number | undefined;
  /** The error's name, when the answer was one. */
  error?: string;
}

/** A simulator that listens. Accounts and regions in its methods are ids and names. */
export interface Simulator {
  /** Such as http://127.0.0.1:40123: the endpoint of the service and of STS. */
  readonly url: string;
  /** Such as 127.0.0.1:40123. */
  readonly address: string;
  /** Replaces all faults, the scenario's too; `from` and `until` still count from the simulator's start. */
  setFaults(faults: readonly Fault[]): void;
  /** Lays `changes` over the scenario's worlds; what an earlier call changed goes back. */
  setWorlds(changes: Partial<Worlds>): void;
  /** Replaces all monitors of one account in one region. */
  setMonitors(account: string, region: string, monitors: readonly Monitor[]): void;
  /** Makes the credentials that an account has, named or issued, expire now; STS may issue new ones. */
  expireCredentials(account: string): void;
  /** The queries under way that clients started: those of the scenario are not among them. */
  runningQueries(): RunningQuery[];
  /** Stops listening and cuts all connections, hanging ones too. Calling it again is harmless. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1024 * 1024;
/** Longer than clients that poll each minute leave a connection idle, so that none is cut as its next request comes. */
const KEEP_ALIVE_MS = 90_000;
const EMPTY = Buffer.alloc(0);

/** Starts a simulator. Rejects with a TypeError for an address that is no loopback one, and when it cannot listen. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, scenario = defaultScenario, clock = systemClock, onRequest } = options;
  if (!isLoopback(host)) {
    throw new TypeError(`The simulator listens on loopback addresses only, not on ${host}`);
  }
  const startedAt = { monotonic: clock.monotonic(), wall: clock.now() };
  const { seed, accounts } = scenario;
  const defaultAccount = accounts[0]?.id ?? '';
  let worlds = scenario.worlds;
  let chooseFaults = createFaultChooser(scenario.faults, seed);
  const inventory = createInventory(accounts, seed);
  const credentials = createCredentialStore(accounts, seed, startedAt.wall);
  const queries = createQueries({
    seed,
    defaultAccount,
    fixed: scenario.queries,
    started: scenario.startedQueries,
    worlds: () => worlds,
    startedAt,
  });
  const recognize = createFrontEnd({
    seed,
    defaultAccount,
    credentials,
    throttle: createThrottle(),
    api: createApi({ seed, inventory, queries, worlds: () => worlds }),
    sts: createSts({ seed, accounts, credentials }),
    worlds: () => worlds,
    now: () => ({ wall: clock.now(), monotonic: clock.monotonic() }),
  });
  const dateHeader = createDateHeader(clock);
  /** Ends the waits of latency faults under way. */
  const waits = new Set<() => void>();

  const send = (response: ServerResponse, answer: Answer) => {
    response.writeHead(answer.status, {
      ...answer.headers,
      date: dateHeader(),
      'content-length': Buffer.byteLength(answer.body),
    });
    response.end(answer.body);
  };

  const handle = (request: IncomingMessage, response: ServerResponse, at: number, body: Buffer) => {
    const { method = '', url = '' } = request;
    const queryAt = url.indexOf('?');
    const path = queryAt < 0 ? url : url.slice(0, queryAt);
    if (path === '/' && (method === 'GET' || method === 'HEAD')) {
      send(response, GREETING);
      return;
    }
    const queryString = queryAt < 0 ? '' : url.slice(queryAt + 1);
    const call = recognize({ method, path, queryString, headers: request.headers, body });
    const record = (answer: Answer | undefined) =>
      onRequest?.(recordOf(call, { at, method, path, attempt: attemptOf(request) }, answer));
    const reply = (fault: Exclude<Fault, LatencyFault> | undefined) => {
      switch (fault?.kind) {
        case undefined:
        case 'error':
        case 'throttle':
        case 'body': {
          const answer = answerOf(call, fault);
          send(response, answer);
          record(answer);
          return;
        }
        case 'hang':
        case 'reset': {
          if (fault.after === 'headers') {
            const { status, headers, body: unsent } = call.answer();
            response.writeHead(status, { ...headers, date: dateHeader(), 'content-length': Buffer.byteLength(unsent) });
            response.flushHeaders();
          }
          if (fault.kind === 'reset') {
            request.socket.resetAndDestroy();
          }
          record(undefined);
        }
      }
    };
    const { delay, fault } = chooseFaults(call.facts, clock.monotonic() - startedAt.monotonic);
    if (delay === 0) {
      reply(fault);
      return;
    }
    const cancel = clock.setTimer(delay, () => {
      endWait();
      reply(fault);
    });
    const abandon = () => {
      endWait();
      cancel();
      record(undefined);
    };
    const endWait = () => {
      waits.delete(abandon);
      response.off('close', abandon);
    };
    waits.add(abandon);
    response.on('close', abandon);
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    response.sendDate = false;
    const at = clock.now();
    if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
      handle(request, response, at, EMPTY);
      return;
    }
    readBody(request, (body) => {
      if (body) {
        handle(request, response, at, body);
      } else {
        send(response, { status: 413, headers: { connection: 'close' }, body: '' });
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new TypeError('The simulator listens on no TCP port');
  }
  const address = `${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`;

  let closed: Promise<void> | undefined;

  return {
    address,
    url: `http://${address}`,
    setFaults(faults) {
      chooseFaults = createFaultChooser(faults, seed);
    },
    setWorlds(changes) {
      worlds = { ...scenario.worlds, ...changes };
    },
    setMonitors: inventory.setMonitors,
    expireCredentials(account) {
      credentials.expire(account, clock.now());
    },
    runningQueries: () => queries.running(clock.monotonic()),
    close() {
      closed ??= new Promise((resolve, reject) => {
        for (const abandon of waits) {
          abandon();
        }
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

const GREETING: Answer = {
  status: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'Simulator of AWS Network Flow Monitor and STS: an endpoint for AWS clients, nothing to browse.\n',
};

function answerOf(call: Call, fault: Exclude<Fault, LatencyFault> | undefined): Answer {
  switch (fault?.kind) {
    case 'error':
    case 'throttle':
      return call.failWith(fault);
    case 'body':
      return spoiled(call.answer(), fault);
    default:
      return call.answer();
  }
}

function recordOf(
  { account, region, operation, service, facts }: Call,
  request: { at: number; method: string; path: string; attempt: number | undefined },
  answer: Answer | undefined,
): RequestRecord {
  const { at, method, path, attempt } = request;
  const record: RequestRecord = { at, account, region, operation, service, method, path, status: answer?.status };
  if (facts.queryId !== undefined) {
    record.queryId = facts.queryId;
  }
  if (attempt !== undefined) {
    record.attempt = attempt;
  }
  if (answer?.error !== undefined) {
    record.error = answer.error;
  }
  return record;
}

function attemptOf(request: IncomingMessage): number | undefined {
  const header = request.headers['amz-sdk-request'];
  const attempt = typeof header === 'string' ? /\battempt=(\d+)/.exec(header)?.[1] : undefined;
  return attempt === undefined ? undefined : Number(attempt);
}

/** Gives the whole body, or `undefined` when it is longer than the simulator reads; nothing when the client goes away. */
function readBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) {
      chunks.push(chunk);
    }
  });
  request.on('end', () => done(length <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined));
}

/** The Date header on the simulator's clock, by which clients judge their own; made anew once a second. */
function createDateHeader(clock: Pick<Clock, 'now'>): () => string {
  let second = Number.NaN;
  let header = '';
  return () => {
    const current = Math.floor(clock.now() / 1000);
    if (current !== second) {
      second = current;
      header = new Date(current * 1000).toUTCString();
    }
    return header;
  };
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
