import { type Clock, within } from '../../lib/clock.ts';
import { CredentialsUnavailable } from '../errors.ts';
import type { AwsCredentials, Credentials } from './credentials.ts';

/** Longest wait for a fetch: an unresponsive `credential_process` or metadata service must not block polls forever. */
const PATIENCE_MS = 30_000;
/** Shortest time from the end of one fetch to the start of the next, to limit the load on a failing source. */
const PAUSE_MS = 1_000;
/** Age at which refused credentials are replaced. It doubles each time that the place refuses the new ones as well. */
const REFUSABLE_AGE_MS = 5_000;
/** Maximum of that age if the source issues new credentials: each fetch may create a session of STS. */
const LONGEST_REFUSABLE_AGE_MS = 5 * 60_000;
/** Maximum of that age if the source returns the same access key: it may be a file that is corrected soon. */
const LONGEST_UNCHANGED_AGE_MS = 30_000;
/** After a place has accepted credentials, a rejection by another place causes no fetch for so long. */
const PROOF_MS = 5 * 60_000;
/** An acceptance that is older than the rejection by this does not count: the credentials may have been revoked since. */
const PROOF_BEFORE_MS = 60_000;

/**
 * Assumed lifetime of credentials that seem to have expired before they were fetched: the clock of this machine, or of their
 * source, is wrong. If they have expired, AWS refuses them, which causes a fetch.
 */
const ASSUMED_LIFE_MS = 5 * 60_000;

/** A fetch starts, with the old credentials in use, when this or a third of the lifetime remains. */
const REFRESH_MS = 5 * 60_000;
/** Requests wait for new credentials when this or a sixth of the lifetime remains: the old ones could expire in flight. */
const WAIT_MS = 60_000;

interface Current {
  readonly credentials: AwsCredentials;
  /** On the monotonic clock. */
  readonly fetchedAt: number;
  /** Remaining milliseconds when they were fetched; Infinity without an expiration. */
  readonly life: number;
  /** Expiration in milliseconds since the epoch; Infinity if there is none, or if it was past when they were fetched. */
  readonly end: number;
}

/** The last credentials that a place has accepted or refused, and the time on the monotonic clock (of their first rejection). */
interface Verdict {
  readonly of: Current;
  readonly at: number;
}

interface Refusal extends Verdict {
  readonly rejections: number;
  /** Age at which the credentials are replaced, in milliseconds. */
  readonly refusableAge: number;
}

export interface RefreshedCredentialsOptions {
  /** Fetches credentials from their source, without a cache. */
  readonly fetch: () => Promise<AwsCredentials>;
  /** Describes a failure of `fetch`, for the log and the HTTP API. */
  readonly explain: (thrown: unknown) => string;
  /** Adds the unresponsive source to a reason. */
  readonly explainDelay?: (reason: string) => string;
  readonly clock: Clock;
}

/**
 * Caches credentials of any source, and fetches new ones on use before they expire: one fetch at a time for all callers. If a
 * fetch fails, valid credentials stay in use. A rejection causes a fetch for that place, unless another place accepts the
 * credentials; other places keep theirs in the meantime. The SDK's own caches treat credentials in their last five minutes as
 * expired, and would fetch those of a role with short sessions for every request.
 */
export class RefreshedCredentials implements Credentials {
  readonly #options: RefreshedCredentialsOptions;
  #current: Current | undefined;
  #pending: Promise<void> | undefined;
  #failure: CredentialsUnavailable | undefined;
  /** End of the last fetch, on the monotonic clock. */
  #fetchEndedAt = Number.NEGATIVE_INFINITY;
  /** By place, which is in at most one of the maps. */
  readonly #acceptances = new Map<string, Verdict>();
  readonly #refusals = new Map<string, Refusal>();

  constructor(options: RefreshedCredentialsOptions) {
    this.#options = options;
  }

  async get(place: string): Promise<AwsCredentials> {
    const current = this.#current;
    const usable = current !== undefined && !this.#isToBeReplaced(current, place);
    const left = usable ? this.#left(current) : Number.NEGATIVE_INFINITY;
    if (usable && left > Math.min(current.life / 3, REFRESH_MS)) {
      return current.credentials;
    }
    if (this.#pending === undefined && this.#options.clock.monotonic() < this.#fetchEndedAt + PAUSE_MS) {
      return this.#outcome(place);
    }
    this.#pending ??= this.#fetch();
    if (usable && left > Math.min(current.life / 6, WAIT_MS)) {
      return current.credentials;
    }
    if (await within(this.#options.clock, PATIENCE_MS, this.#pending)) {
      return this.#outcome(place);
    }
    const reason = `no credentials after ${PATIENCE_MS / 1_000} s`;
    return this.#outcome(place, new CredentialsUnavailable(this.#options.explainDelay?.(reason) ?? reason));
  }

  accepted(place: string, accessKeyId: string): void {
    const current = this.#current;
    // The request may have been signed with earlier credentials.
    if (current?.credentials.accessKeyId === accessKeyId) {
      this.#refusals.delete(place);
      this.#acceptances.set(place, { of: current, at: this.#options.clock.monotonic() });
    }
  }

  refused(place: string, accessKeyId: string): void {
    const current = this.#current;
    const before = this.#refusals.get(place);
    if (current?.credentials.accessKeyId !== accessKeyId || before?.of === current) {
      return;
    }
    const rejections = (before?.rejections ?? 0) + 1;
    const isUnchanged = before?.of.credentials.accessKeyId === accessKeyId;
    const longest = isUnchanged ? LONGEST_UNCHANGED_AGE_MS : LONGEST_REFUSABLE_AGE_MS;
    const refusableAge = Math.min(REFUSABLE_AGE_MS * 2 ** (rejections - 1), longest);
    this.#acceptances.delete(place);
    const at = this.#options.clock.monotonic();
    this.#refusals.set(place, { of: current, at, rejections, refusableAge });
  }

  /** Whether the place has refused these, the age for a replacement is reached, and no other place accepts them. */
  #isToBeReplaced(current: Current, place: string): boolean {
    const refusal = this.#refusals.get(place);
    const now = this.#options.clock.monotonic();
    if (refusal?.of !== current || now < current.fetchedAt + refusal.refusableAge) {
      return false;
    }
    const provenFrom = Math.max(now - PROOF_MS, refusal.at - PROOF_BEFORE_MS);
    return ![...this.#acceptances.values()].some((each) => each.of === current && each.at >= provenFrom);
  }

  /**
   * Returns the current credentials, or throws the failure. Credentials of a successful fetch are returned even if they seem
   * to have expired: the clock of this machine may be wrong, and AWS decides.
   */
  #outcome(place: string, failure = this.#failure): AwsCredentials {
    const current = this.#current;
    const isValid = (each: Current) => this.#left(each) > 0 && !this.#isToBeReplaced(each, place);
    if (current !== undefined && (failure === undefined || isValid(current))) {
      return current.credentials;
    }
    throw failure ?? new CredentialsUnavailable('AWS refused the credentials, and no new ones are available yet');
  }

  /** Milliseconds until they expire: the minimum of both clocks, because the wall clock may be set back. */
  #left({ fetchedAt, life, end }: Current): number {
    const { clock } = this.#options;
    return Math.min(end - clock.now(), life - (clock.monotonic() - fetchedAt));
  }

  async #fetch(): Promise<void> {
    const { fetch, explain, clock } = this.#options;
    try {
      const credentials = await fetch();
      const end = credentials.expiration?.getTime() ?? Number.POSITIVE_INFINITY;
      const life = end - clock.now();
      const times = life > 0 ? { life, end } : { life: ASSUMED_LIFE_MS, end: Number.POSITIVE_INFINITY };
      this.#current = { credentials, fetchedAt: clock.monotonic(), ...times };
      this.#failure = undefined;
    } catch (thrown) {
      this.#failure = new CredentialsUnavailable(explain(thrown));
    } finally {
      this.#fetchEndedAt = clock.monotonic();
      this.#pending = undefined;
    }
  }
}
