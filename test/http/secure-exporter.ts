import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { createApp } from '../../src/http/app.ts';
import { WebSecurity } from '../../src/http/security/web-security.ts';
import { DEFAULT_LIMITS, listen, type ServeOptions, type ServerLimits } from '../../src/http/server/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/log.ts';
import { tlsFixture } from '../aws/local-network.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { appOptions, type LoggedEvent, recordingLog } from './fixtures.ts';
export function readTlsFile(name: string): string {
  return readFileSync(tlsFixture(name), 'utf8');
}

/** A server certificate for 127.0.0.1 of the first test authority. */
export const FIRST_TLS = { cert_file: tlsFixture('first-server.pem'), key_file: tlsFixture('first-server-key.pem') };

/** bcrypt hashes of the password `secret`, made by libcrypt. */
export const SECRET_2A = '$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW';
export const SECRET_2B = '$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW';
export const SECRET_2Y = '$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW';
/** Of the cost that htpasswd's documentation and Prometheus' use. */
export const SECRET_COST_10 = '$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking extends RequestOptions {
  /** `user:password` */
  readonly login?: string;
  readonly body?: string;
}

export interface SecureExporter {
  readonly port: number;
  readonly folder: string;
  readonly security: WebSecurity;
  readonly events: readonly LoggedEvent[];
  /** Rewrites the web configuration. */
  configure(config: unknown): void;
  /** Requests a path, over TLS if enabled; trusts the first authority by default. */
  get(path: string, asking?: Asking): Promise<Answer>;
}

/** The exporter's HTTP side on a port of the loopback address, with a web configuration. It ends with the test. */
export async function startSecure(
  config: unknown,
  limits: Partial<ServerLimits> = {},
  loggedTo?: Logger,
): Promise<SecureExporter> {
  const folder = temporaryFolder();
  const file = join(folder, 'web-config.yml');
  const configure = (next: unknown) => writeFileSync(file, typeof next === 'string' ? next : stringify(next));
  configure(config);
  const { log: recording, events } = recordingLog();
  const log = loggedTo ?? recording;
  const security = await WebSecurity.open({ file, clock: systemClock, log });
  const app = createApp(appOptions([], { access: () => security.access(), log }));
  const { tls } = security;
  const url = await serve(app, { log, tls, limits: { ...DEFAULT_LIMITS, ...limits } });
  const port = Number(url.split(':').at(-1));
  const get = (path: string, asking?: Asking) => ask(url + path, asking);
  return { port, folder, security, events, configure, get };
}

/** Serves an app on a port of the loopback address until the test ends. Returns its URL. */
export async function serve(app: RequestListener, options: Partial<ServeOptions> = {}): Promise<string> {
  const listeners = await listen(app, ['127.0.0.1:0'], { clock: systemClock, log: recordingLog().log, ...options });
  onTestFinished(() => listeners.close(0));
  return `${options.tls === undefined ? 'http' : 'https'}://${listeners.addresses[0]}`;
}

/** Without an agent each request has a connection of its own. */
export async function ask(url: string, { login, body, headers = {}, ...options }: Asking = {}): Promise<Answer> {
  const authorization = login === undefined ? {} : { authorization: basic(login) };
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(
      url,
      { agent: false, ca: readTlsFile('first-authority.pem'), ...options, headers: { ...headers, ...authorization } },
      (response) => {
        text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: answer }),
          reject,
        );
      },
    )
      .on('error', reject)
      .end(body);
  });
}

export function basic(login: string): string {
  return `Basic ${Buffer.from(login).toString('base64')}`;
}
