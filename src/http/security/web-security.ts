import { ConfigError, createProblem, type Problem, problemsOf } from '../../config/reading/problem.ts';
import { background } from '../../lib/background.ts';
import { within } from '../../lib/clock.ts';
import { SharedWork } from '../../lib/concurrency.ts';
import type { Context } from '../../lib/context.ts';
import { createTlsServer } from '../server/tls-server.ts';
import type { Access } from './access.ts';
import { PasswordChecks } from './password-checks.ts';
import { readWebConfigFile, type TlsConfig, type WebConfig, type WebConfigSnapshot } from './web-config-file.ts';

/** Longest wait for a hanging file system, in milliseconds: after it, the last configuration applies. */
const LONGEST_READ_MS = 1_000;
/** Shorter problems are not logged (for example, a key that is written after its certificate). In milliseconds. */
const GRACE_MS = 1_000;

export interface WebSecurityOptions extends Pick<Context, 'clock' | 'log'> {
  readonly file: string;
}

/**
 * The web configuration in effect. Its files are read for each connection and request: a valid change applies from then on;
 * while the files are invalid, the previous configuration applies. Open connections are unaffected.
 */
export class WebSecurity {
  readonly #options: WebSecurityOptions;
  #contents: string;
  #config: WebConfig;
  #access: Access;
  #rejected: { readonly contents: string; readonly problems: readonly Problem[]; logged: boolean } | undefined;
  /** One at a time: an older check could undo a newer one. */
  readonly #checks = new SharedWork(() => this.#check());
  #cancelGrace: (() => void) | undefined;

  private constructor(options: WebSecurityOptions, { contents }: WebConfigSnapshot, config: WebConfig) {
    this.#options = options;
    this.#contents = contents;
    this.#config = config;
    this.#access = accessOf(config);
  }

  /** @throws {ConfigError} with all errors of the file and of those that it names */
  static async open(options: WebSecurityOptions): Promise<WebSecurity> {
    const snapshot = await readWebConfigFile(options.file);
    const config = snapshot.check();
    checkTls(config.tls, options.file);
    return new WebSecurity(options, snapshot, config);
  }

  /** Whether each client needs a password or a certificate signed by one of the client authorities. */
  get isAuthenticated(): boolean {
    return isAuthenticated(this.#config);
  }

  async access(): Promise<Access> {
    await this.#refresh();
    return this.#access;
  }

  /** Returns the settings of a new connection, the same object until they change. Without TLS, undefined until a restart. */
  get tls(): (() => Promise<TlsConfig>) | undefined {
    const first = this.#config.tls;
    const current = async (otherwise: TlsConfig) => {
      await this.#refresh();
      return this.#config.tls ?? otherwise;
    };
    return first && (() => current(first));
  }

  /**
   * Reads the files now. Returns and logs their errors, each message starting with the path of the web configuration. If
   * there are any, the previous configuration stays in effect.
   */
  async reload(): Promise<readonly Problem[]> {
    const { file, log } = this.#options;
    const problems = await this.#checks.result();
    if (this.#rejected?.logged === false) {
      this.#rejected.logged = true;
      for (const { message } of this.#rejected.problems) {
        log.error('web configuration rejected', { file, error: message, hint: 'the previous one stays in effect' });
      }
    }
    // Problems of the file as a whole already start with its path.
    return problems.map((problem) =>
      problem.path === file ? problem : { ...problem, message: `${file}: ${problem.message}` },
    );
  }

  /** Stops reporting. */
  close(): void {
    this.#cancelGrace?.();
  }

  /** Waits for a check that starts after the call: a running one may have missed a change. Many callers share one. */
  async #refresh(): Promise<void> {
    await within(this.#options.clock, LONGEST_READ_MS, this.#checks.result());
  }

  async #check(): Promise<readonly Problem[]> {
    const { clock, file, log } = this.#options;
    const snapshot = await readWebConfigFile(file);
    if (snapshot.contents === this.#contents) {
      if (this.#rejected?.logged) {
        log.info('web configuration restored', { file });
      }
      this.#rejected = undefined;
      return [];
    }
    if (snapshot.contents !== this.#rejected?.contents) {
      const problems = this.#apply(snapshot);
      if (problems.length === 0) {
        this.#rejected = undefined;
        log.info('web configuration reloaded', { file });
        return [];
      }
      this.#rejected = { contents: snapshot.contents, problems, logged: false };
      this.#cancelGrace ??= clock.setTimer(GRACE_MS, () => {
        this.#cancelGrace = undefined;
        background(log, 'reload of the web configuration', this.reload());
      });
    }
    return this.#rejected.problems;
  }

  /** Puts a configuration in effect, or returns its problems. */
  #apply(snapshot: WebConfigSnapshot): readonly Problem[] {
    try {
      const config = snapshot.check();
      checkChange(this.#config, config);
      checkTls(config.tls, this.#options.file);
      this.#contents = snapshot.contents;
      const hasSameUsers = JSON.stringify([...this.#config.users]) === JSON.stringify([...config.users]);
      this.#access = accessOf(config, hasSameUsers ? this.#access.passwords : undefined);
      this.#config = config;
      return [];
    } catch (error) {
      return problemsOf(error);
    }
  }
}

function isAuthenticated({ tls, users }: WebConfig): boolean {
  return users.size > 0 || tls?.values.client_auth_type === 'RequireAndVerifyClientCert';
}

/** @param passwords checks with the same users: they remember passwords */
function accessOf({ headers, users }: WebConfig, passwords?: PasswordChecks): Access {
  return { headers, passwords: users.size === 0 ? undefined : (passwords ?? new PasswordChecks(users)) };
}

/** Rejects changes that must not happen by mistake while the exporter runs. */
function checkChange(before: WebConfig, after: WebConfig): void {
  if ((before.tls === undefined) !== (after.tls === undefined)) {
    const got = after.tls === undefined ? 'nothing' : 'TLS';
    const expected = 'no change: restart the exporter to turn TLS on or off';
    throw new ConfigError([createProblem('tls_server_config', undefined, got, expected)]);
  }
  if (isAuthenticated(before) && !isAuthenticated(after)) {
    const expected = 'users or required client certificates: restart the exporter to disable authentication';
    throw new ConfigError([createProblem('basic_auth_users', undefined, 'no users', expected)]);
  }
}

/** Finds valid parts that OpenSSL rejects in combination (for example, a key that is too small). */
function checkTls(tls: TlsConfig | undefined, file: string): void {
  try {
    if (tls !== undefined) {
      createTlsServer(tls, 1);
    }
  } catch (error) {
    const got = `settings that OpenSSL rejects (${error instanceof Error ? error.message : 'an error'})`;
    const expected = 'a certificate, a key, cipher suites, and curves that it accepts';
    throw new ConfigError([createProblem('tls_server_config', undefined, got, expected)], file);
  }
}
