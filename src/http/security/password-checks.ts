import { createHmac, randomBytes } from 'node:crypto';
import { FairQueue } from '../../lib/concurrency.ts';
import type { Client } from '../server/respond.ts';

/** Half of libuv's threads, which compute the hashes: files, DNS, and compression use the others. */
const CHECKS_AT_ONCE = 2;
const MOST_WAITING = 1_000;
/** Number of correct passwords, and of wrong ones, to remember. */
const REMEMBERED = 1_000;

interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Reads an `Authorization` header (RFC 7617) in UTF-8. Returns undefined if it is missing, malformed, or of another scheme. */
export function parseBasicCredentials(header: string | undefined): BasicCredentials | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) {
    return undefined;
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Checks passwords against bcrypt hashes. Each pair of credentials is hashed once and the result remembered. The time of a
 * check does not depend on whether the user exists.
 */
export class PasswordChecks {
  readonly #users: ReadonlyMap<string, string>;
  /** Replaces the hash of unknown users: the configured hash with the highest cost. */
  readonly #standIn: string;
  readonly #queue = new FairQueue({ atOnce: CHECKS_AT_ONCE, mostWaiting: MOST_WAITING });
  readonly #secret = randomBytes(32);
  // Separate, so that an endless number of wrong passwords does not displace the correct ones.
  readonly #correct = new RecentKeys();
  readonly #wrong = new RecentKeys();

  /** @param users bcrypt hashes by name, at least one */
  constructor(users: ReadonlyMap<string, string>) {
    this.#users = users;
    const cost = (hash: string) => Number(hash.split('$')[2]);
    this.#standIn = [...users.values()].reduce((a, b) => (cost(b) > cost(a) ? b : a));
  }

  /** Returns whether the user exists and has this password. @throws {QueueFullError}; the reason of the signal if it aborts */
  async accepts(credentials: BasicCredentials, { address, signal }: Client): Promise<boolean> {
    const { user, password } = credentials;
    const hash = this.#users.get(user);
    const key = this.#keyOf([user, hash ?? '', password]);
    const check = async () => {
      // The same credentials may have been checked while this check was waiting.
      const checked = this.#remembered(key);
      if (checked !== undefined) {
        return checked;
      }
      const { verify } = await import('@node-rs/bcrypt');
      const matches = await verify(password, hash ?? this.#standIn);
      const accepted = matches && hash !== undefined;
      (accepted ? this.#correct : this.#wrong).add(key);
      return accepted;
    };
    return this.#remembered(key) ?? this.#queue.run(address, signal, check);
  }

  #remembered(key: string): boolean | undefined {
    if (this.#correct.has(key)) {
      return true;
    }
    return this.#wrong.has(key) ? false : undefined;
  }

  /**
   * Hashes each part with its length: the parts of one key cannot be confused with those of another (CVE-2022-46146). The
   * hash is keyed, so that the remembered keys do not help to guess passwords.
   */
  #keyOf(parts: readonly string[]): string {
    const hmac = createHmac('sha256', this.#secret);
    for (const part of parts) {
      hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    }
    return hmac.digest('base64');
  }
}

/** A limited number of keys: the most recently used ones. */
class RecentKeys {
  readonly #keys = new Set<string>();

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
    if (oldest !== undefined && this.#keys.size > REMEMBERED) {
      this.#keys.delete(oldest);
    }
  }
}
