import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { QueueFullError } from '../../lib/concurrency.ts';
import type { Context } from '../../lib/context.ts';
import type { Logger } from '../../lib/log.ts';
import { HttpError } from '../server/respond.ts';
import { type PasswordChecks, parseBasicCredentials } from './password-checks.ts';

/** Who may ask, and which headers answers have other than ours. */
export interface Access {
  /** Headers to set in ours' place; an empty value: not to send. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: no log-in is asked for. */
  readonly passwords: PasswordChecks | undefined;
}

/** Paths below the prefix that need no log-in: whoever probes has no password, and learns next to nothing. */
const OPEN_PATHS = ['/-/healthy', '/-/ready'];

const CHALLENGE = 'Basic realm="Network Flow Monitor exporter", charset="UTF-8"';

/**
 * Resolves to whether a request to a path may go on: not if its client is gone.
 *
 * @throws HttpError for a request that is refused
 */
type Gate = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;

/** Sets the user's headers on answers, and asks for a user name and a password where there are users. */
export function createGate(
  access: () => Promise<Access>,
  routePrefix: string,
  { clock, log }: Pick<Context, 'clock' | 'log'>,
): Gate {
  const loginLog = new LoginLog(log, clock);
  const openPaths = new Set(OPEN_PATHS.map((path) => routePrefix + path));
  return async (request, response, path) => {
    const { headers, passwords } = await access();
    setHeaders(response, headers);
    if (passwords === undefined || openPaths.has(path)) {
      return true;
    }
    const credentials = parseBasicCredentials(request.headers.authorization);
    const gone = new AbortController();
    const origin = { address: request.socket.remoteAddress ?? '', signal: gone.signal };
    response.once('close', () => gone.abort());
    try {
      if (credentials !== undefined && (await passwords.accepts(credentials, origin))) {
        return true;
      }
    } catch (error) {
      if (error instanceof QueueFullError) {
        response.setHeader('Retry-After', '10');
        throw new HttpError('unavailable', 'Too many log-ins wait to be checked: try again later');
      }
      if (gone.signal.aborted) {
        return false;
      }
      throw error;
    }
    if (request.headers.authorization !== undefined) {
      loginLog.refused(origin.address);
    }
    response.setHeader('WWW-Authenticate', CHALLENGE);
    throw new HttpError('unauthorized', 'This needs a user name and a password');
  };
}

function setHeaders(response: ServerResponse, headers: Access['headers']): void {
  for (const [name, value] of Object.entries(headers)) {
    if (value === '') {
      response.removeHeader(name);
    } else {
      response.setHeader(name, value);
    }
  }
}

const QUIET_MS = 60_000;

/** Tells of log-ins that were refused, once a minute at most: who guesses passwords does so thousands of times. */
class LoginLog {
  readonly #log: Logger;
  readonly #clock: Pick<Clock, 'monotonic'>;
  #toldAt: number | undefined;
  #untold = 0;

  constructor(log: Logger, clock: Pick<Clock, 'monotonic'>) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Without the user's name, since people type passwords there. */
  refused(client: string): void {
    const now = this.#clock.monotonic();
    this.#untold += 1;
    if (this.#toldAt === undefined || now - this.#toldAt >= QUIET_MS) {
      this.#log.warn('log-in refused', { client, refused: this.#untold });
      this.#toldAt = now;
      this.#untold = 0;
    }
  }
}
