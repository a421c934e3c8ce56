import { ConfigError, createProblem, type Problem, problemsOf } from '../../config/reading/problem.ts';
import { background } from '../../lib/background.ts';
import { type Clock, within } from '../../lib/clock.ts';
import { SharedWork } from '../../lib/concurrency.ts';
import type { Logger } from '../../lib/log.ts';
import { createTlsServer } from '../server/tls-server.ts';
import type { Access } from './access.ts';
import { PasswordChecks } from './password-checks.ts';
import { readWebConfigFile, type TlsConfig, type WebConfig, type WebConfigSnapshot } from './web-config-file.ts';

/** A file system that hangs holds nobody up for longer: what was read last holds. */
const LONGEST_READ_MS = 1_000;
/** What is wrong for so short a time, such as a key that is written after its certificate, is not told. */
const GRACE_MS = 1_000;

export interface WebSecurityOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * A web configuration in force. Files are read again without being asked: what is new and good holds from the next
 * connection and request on; while it is bad, what was good before does. Running connections go on.
 */
export class WebSecurity {
  readonly #options: WebSecurityOptions;
  #contents: string;
  #config: WebConfig;
  #access: Access;
  #bad: { readonly contents: string; readonly problems: readonly Problem[]; told: boolean } | undefined;
  /** One at a time: an older check could undo a newer one. */
  readonly #checks = new SharedWork(() => this.#check());
  #cancelGrace: (() => void) | undefined;

  private constructor(options: WebSecurityOptions, { contents }: WebConfigSnapshot, config: WebConfig) {
    this.#options = options;
    this.#contents = contents;
    this.#config = config;
    this.#access = accessOf(config, undefined);
  }

  /** @throws {ConfigError} with all that is wrong with the file and those that it names */
  static async open(options: WebSecurityOptions): Promise<WebSecurity> {
    const snapshot = await readWebConfigFile(options.file);
    const config = snapshot.check();
    proveTls(config.tls, options.file);
    return new WebSecurity(options, snapshot, config);
  }

  /** Whether nobody gets in who has neither a password nor a certificate of one of the client authorities. */
  get isAuthenticated(): boolean {
    return isAuthenticated(this.#config);
  }

  /** What holds for a request that came just now. */
  async access(): Promise<Access> {
    await this.#refresh();
    return this.#access;
  }

  /**
   * Tells what holds for a connection that came just now: the same object for as long as nothing changes. Undefined
   * where TLS is not spoken, which only a restart can change.
   */
  get tls(): (() => Promise<TlsConfig>) | undefined {
    const first = this.#config.tls;
    return (
      first &&
      (async () => {
        await this.#refresh();
        return this.#config.tls ?? first;
      })
    );
  }

  /**
   * Reads the files now. Returns what is wrong with them, each message beginning with the name of the web configuration;
   * it is also logged, and what was good before holds.
   */
  async reload(): Promise<readonly Problem[]> {
    const { file, log } = this.#options;
    const problems = await this.#checks.result();
    if (this.#bad?.told === false) {
      this.#bad.told = true;
      for (const { message } of this.#bad.problems) {
        log.error('bad web configuration: the last good one goes on', { file, error: message });
      }
    }
    // What is wrong with the file as a whole has its name already.
    return problems.map((problem) =>
      problem.path === file ? problem : { ...problem, message: `${file}: ${problem.message}` },
    );
  }

  /** Reports nothing any more. */
  close(): void {
    this.#cancelGrace?.();
  }

  /** Waits for a check that begins now or later: one under way may have missed what changed since. Many share one. */
  async #refresh(): Promise<void> {
    await within(this.#options.clock, LONGEST_READ_MS, this.#checks.result());
  }

  async #check(): Promise<readonly Problem[]> {
    const { clock, file, log } = this.#options;
    const snapshot = await readWebConfigFile(file);
    if (snapshot.contents === this.#contents) {
      if (this.#bad?.told) {
        log.info('web configuration is as it was before', { file });
      }
      this.#bad = undefined;
      return [];
    }
    if (snapshot.contents !== this.#bad?.contents) {
      const problems = this.#take(snapshot);
      if (problems.length === 0) {
        this.#bad = undefined;
        log.info('web configuration read again', { file });
        return [];
      }
      this.#bad = { contents: snapshot.contents, problems, told: false };
      this.#cancelGrace ??= clock.setTimer(GRACE_MS, () => {
        this.#cancelGrace = undefined;
        background(log, 'reload of the web configuration', this.reload());
      });
    }
    return this.#bad.problems;
  }

  /** Puts a configuration in force, unless there are problems with it, which it returns. */
  #take(snapshot: WebConfigSnapshot): readonly Problem[] {
    try {
      const config = snapshot.check();
      checkChange(this.#config, config);
      proveTls(config.tls, this.#options.file);
      this.#contents = snapshot.contents;
      this.#access = accessOf(config, { config: this.#config, access: this.#access });
      this.#config = config;
      return [];
    } catch (error) {
      return problemsOf(error);
    }
  }
}

function isAuthenticated({ tls, users }: WebConfig): boolean {
  return users.size > 0 || tls?.clientAuth === 'RequireAndVerifyClientCert';
}

/** Users who have not changed need not be checked anew. */
function accessOf(config: WebConfig, before: { config: WebConfig; access: Access } | undefined): Access {
  const { headers, users } = config;
  const same = before !== undefined && JSON.stringify([...before.config.users]) === JSON.stringify([...users]);
  if (same) {
    return { headers, passwords: before.access.passwords };
  }
  return { headers, passwords: users.size === 0 ? undefined : new PasswordChecks(users) };
}

/** Refuses what must not happen by a slip of the pen while the exporter runs. */
function checkChange(before: WebConfig, after: WebConfig): void {
  if ((before.tls === undefined) !== (after.tls === undefined)) {
    const got = after.tls === undefined ? 'nothing' : 'TLS';
    throw new ConfigError([createProblem('tls_server_config', undefined, got, 'a restart to turn TLS on or off')]);
  }
  if (isAuthenticated(before) && !isAuthenticated(after)) {
    const expected = 'users, or client certificates that are required: a restart is needed to let everybody in';
    throw new ConfigError([createProblem('basic_auth_users', undefined, 'nobody', expected)]);
  }
}

/** Finds what OpenSSL does not take though each part by itself is good, such as a key too small for today. */
function proveTls(tls: TlsConfig | undefined, file: string): void {
  try {
    if (tls !== undefined) {
      createTlsServer(tls, 1);
    }
  } catch (error) {
    const got = `what OpenSSL refuses (${error instanceof Error ? error.message : 'an error'})`;
    const expected = 'a certificate, a key, cipher suites and curves that it takes';
    throw new ConfigError([createProblem('tls_server_config', undefined, got, expected)], file);
  }
}
