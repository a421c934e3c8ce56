import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import type { Context } from '../../lib/context.ts';
import type { Logger } from '../../lib/log.ts';
import { HttpError, inQueue } from '../server/respond.ts';
import { type PasswordChecks, parseBasicCredentials } from './password-checks.ts';

/** Authentication and response headers in effect. */
export interface Access {
  /** Headers that replace the default ones; an empty value removes the header. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: authentication is disabled. */
  readonly passwords: PasswordChecks | undefined;
}

/** Paths below the prefix without authentication: probes have no password, and the responses reveal almost nothing. */
const OPEN_PATHS = ['/-/healthy', '/-/ready'];

const CHALLENGE = 'Basic realm="Network Flow Monitor exporter", charset="UTF-8"';

/**
 * Returns a function that sets the configured headers on a response, and requires a user name and a password if users are
 * configured. It resolves to true if a request to a path is authenticated, and to false if its client has disconnected. It
 * throws an HttpError if authentication fails.
 */
export function createGate(
  access: () => Promise<Access>,
  routePrefix: string,
  { clock, log }: Pick<Context, 'clock' | 'log'>,
): (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean> {
  const logFailure = createSignInLog(log, clock);
  const openPaths = new Set(OPEN_PATHS.map((path) => routePrefix + path));
  return async (request, response, path) => {
    const { headers, passwords } = await access();
    for (const [name, value] of Object.entries(headers)) {
      if (value === '') {
        response.removeHeader(name);
      } else {
        response.setHeader(name, value);
      }
    }
    if (passwords === undefined || openPaths.has(path)) {
      return true;
    }
    const client = request.socket.remoteAddress ?? '';
    const credentials = parseBasicCredentials(request.headers.authorization);
    const accepted =
      credentials !== undefined &&
      (await inQueue(response, 10, 'sign-ins', (origin) => passwords.accepts(credentials, origin)));
    if (accepted !== false) {
      // Undefined if the client has disconnected.
      return accepted === true;
    }
    if (request.headers.authorization !== undefined) {
      logFailure(client);
    }
    response.setHeader('WWW-Authenticate', CHALLENGE);
    throw new HttpError('unauthorized', 'Authentication required: user name and password');
  };
}

const QUIET_MS = 60_000;

/** Logs failed sign-ins once per minute: attackers make thousands. Omits the user name: users may type their password there. */
function createSignInLog(log: Logger, clock: Pick<Clock, 'monotonic'>): (client: string) => void {
  let loggedAt: number | undefined;
  let failures = 0;
  return (client) => {
    const now = clock.monotonic();
    failures += 1;
    if (loggedAt === undefined || now - loggedAt >= QUIET_MS) {
      log.warn('sign-in failed', { client, failures });
      loggedAt = now;
      failures = 0;
    }
  };
}
