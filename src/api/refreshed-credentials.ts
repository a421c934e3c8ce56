import type { Clock } from '../runtime/clock.ts';
import type { AwsCredentials, Credentials } from './credentials.ts';
import { CredentialsUnavailable } from './errors.ts';

/** A `credential_process` or a metadata service that does not answer must not hold up its target's polls for ever. */
const PATIENCE_MS = 30_000;
/** From the end of one fetch to the begin of the next, so that a source that fails is not hammered. */
const PAUSE_MS = 1_000;
/** Credentials as young as this are not dropped for a refusal: it may be of a request that carried those before them. */
const REFUSABLE_AGE_MS = 5_000;

/** New ones are fetched while the old are still used, from when a third of their life, or this, is left. */
const REFRESH_MS = 5 * 60_000;
/** From when a sixth of their life, or this, is left, they might expire on their way: requests wait for new ones. */
const WAIT_MS = 60_000;

interface Current {
  readonly credentials: AwsCredentials;
  /** On the monotonic clock. */
  readonly fetchedAt: number;
  /** Milliseconds that they had left when they were fetched; Infinity where they name no end. */
  readonly life: number;
}

export interface RefreshedCredentialsOptions {
  /** Gets credentials from their source, remembering none. */
  readonly fetch: () => Promise<AwsCredentials>;
  /** A failure of `fetch` in words that may be logged and shown. */
  readonly explain: (thrown: unknown) => string;
  readonly clock: Clock;
}

/**
 * Remembers credentials, whatever their source, and fetches new ones before they expire, when somebody asks: one fetch at
 * a time, for all that ask meanwhile. A fetch that fails leaves those that are still valid in use. The SDK's own ways
 * to remember take credentials with less than five minutes to live for expired, and would fetch new ones of a role with
 * short sessions for every request.
 */
export class RefreshedCredentials implements Credentials {
  readonly #options: RefreshedCredentialsOptions;
  #current: Current | undefined;
  #pending: Promise<void> | undefined;
  /** Of the last fetch that ended. */
  #failure: CredentialsUnavailable | undefined;
  /** When the last fetch ended, on the monotonic clock. */
  #fetchEndedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RefreshedCredentialsOptions) {
    this.#options = options;
  }

  async get(): Promise<AwsCredentials> {
    const current = this.#current;
    const left = current === undefined ? Number.NEGATIVE_INFINITY : this.#left(current);
    if (current !== undefined && left > Math.min(current.life / 3, REFRESH_MS)) {
      return current.credentials;
    }
    if (this.#pending === undefined && this.#options.clock.monotonic() < this.#fetchEndedAt + PAUSE_MS) {
      return this.#outcome();
    }
    this.#pending ??= this.#fetch();
    if (current !== undefined && left > Math.min(current.life / 6, WAIT_MS)) {
      return current.credentials;
    }
    if (!(await this.#endsInTime(this.#pending))) {
      return this.#outcome(new CredentialsUnavailable(`no credentials after ${PATIENCE_MS / 1_000} s`));
    }
    return this.#outcome();
  }

  refused(): void {
    const { clock } = this.#options;
    if (this.#current !== undefined && clock.monotonic() >= this.#current.fetchedAt + REFUSABLE_AGE_MS) {
      this.#current = undefined;
    }
  }

  /**
   * What there is to give. Credentials that were fetched well are given even where they seem to be expired: the clock of
   * this machine may be wrong, and it is AWS that judges.
   */
  #outcome(failure = this.#failure): AwsCredentials {
    if (this.#current !== undefined && (failure === undefined || this.#left(this.#current) > 0)) {
      return this.#current.credentials;
    }
    throw failure ?? new CredentialsUnavailable('AWS refused the credentials, and no others are there yet');
  }

  /** Milliseconds until they expire. Of the two clocks the one that says less: the wall clock may be set back. */
  #left({ credentials: { expiration }, fetchedAt, life }: Current): number {
    const { clock } = this.#options;
    const byWallClock = expiration === undefined ? Number.POSITIVE_INFINITY : expiration.getTime() - clock.now();
    return Math.min(byWallClock, life - (clock.monotonic() - fetchedAt));
  }

  async #fetch(): Promise<void> {
    const { fetch, explain, clock } = this.#options;
    try {
      const credentials = await fetch();
      const life = (credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - clock.now();
      this.#current = { credentials, fetchedAt: clock.monotonic(), life };
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = new CredentialsUnavailable(explain(thrown));
    } finally {
      this.#fetchEndedAt = clock.monotonic();
      this.#pending = undefined;
    }
  }

  #endsInTime(pending: Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setTimer(PATIENCE_MS, () => resolve(false));
      void pending.then(() => {
        cancel();
        resolve(true);
      });
    });
  }
}
