import { createHmac, randomBytes } from 'node:crypto';
import { FairQueue } from '../../lib/concurrency.ts';

/** Half of libuv's threads, where the hashing is done: files, DNS and compression use the others. */
const CHECKS_AT_ONCE = 2;
const MOST_WAITING = 1_000;
/** Right answers, and wrong ones, that are remembered. */
const REMEMBERED = 1_000;

interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Reads an `Authorization` header of the form of RFC 7617, in UTF-8. `undefined` for none, another scheme, or nonsense. */
export function parseBasicCredentials(header: string | undefined): BasicCredentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) {
    return undefined;
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Who asks. */
export interface LoginOrigin {
  /** The client's address: the addresses take turns when many wait. */
  readonly address: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/**
 * Checks passwords against bcrypt hashes. Each pair of credentials is hashed once and its answer remembered; how long a
 * new one takes does not depend on whether the user exists.
 */
export class PasswordChecks {
  readonly #users: ReadonlyMap<string, string>;
  /** Stands in for the hash of users that there are none of. The most costly one, as most users' are. */
  readonly #standIn: string;
  readonly #queue = new FairQueue({ atOnce: CHECKS_AT_ONCE, mostWaiting: MOST_WAITING });
  readonly #secret = randomBytes(32);
  // Apart, so that wrong passwords, of which there is no end, do not drive out the right ones.
  readonly #right = new RecentKeys(REMEMBERED);
  readonly #wrong = new RecentKeys(REMEMBERED);

  /** @param users bcrypt hashes by name, at least one */
  constructor(users: ReadonlyMap<string, string>) {
    this.#users = users;
    const cost = (hash: string) => Number(hash.split('$')[2]);
    this.#standIn = [...users.values()].reduce((a, b) => (cost(b) > cost(a) ? b : a));
  }

  /**
   * Whether the user exists and has this password.
   *
   * @throws {QueueFullError} when too many wait; the signal's reason when it aborts
   */
  async accepts(credentials: BasicCredentials, { address, signal }: LoginOrigin): Promise<boolean> {
    const { user, password } = credentials;
    const hash = this.#users.get(user);
    const key = this.#keyOf([user, hash ?? '', password]);
    const known = this.#remembered(key);
    if (known !== undefined) {
      return known;
    }
    return this.#queue.run(address, signal, async () => {
      // It may have been asked twice, and answered meanwhile.
      const answered = this.#remembered(key);
      if (answered !== undefined) {
        return answered;
      }
      const { verify } = await import('@node-rs/bcrypt');
      const fits = await verify(password, hash ?? this.#standIn);
      const accepted = fits && hash !== undefined;
      (accepted ? this.#right : this.#wrong).add(key);
      return accepted;
    });
  }

  #remembered(key: string): boolean | undefined {
    if (this.#right.has(key)) {
      return true;
    }
    return this.#wrong.has(key) ? false : undefined;
  }

  /**
   * Each part goes in with its length: the parts of one key cannot be read as those of another (CVE-2022-46146). Keyed,
   * so that what is kept in memory is of no use for guessing passwords.
   */
  #keyOf(parts: readonly string[]): string {
    const hmac = createHmac('sha256', this.#secret);
    for (const part of parts) {
      hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    }
    return hmac.digest('base64');
  }
}

/** The keys that were asked for or added last, so many at most. */
class RecentKeys {
  readonly #most: number;
  readonly #keys = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  has(key: string): boolean {
    if (!this.#keys.delete(key)) {
      return false;
    }
    this.#keys.add(key);
    return true;
  }

  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    const [oldest] = this.#keys;
    if (oldest !== undefined && this.#keys.size > this.#most) {
      this.#keys.delete(oldest);
    }
  }
}
