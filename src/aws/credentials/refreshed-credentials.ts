import { type Clock, within } from '../../lib/clock.ts';
import { CredentialsUnavailable } from '../errors.ts';
import type { AwsCredentials, Credentials } from './credentials.ts';

/** A `credential_process` or a metadata service that does not answer must not hold up its target's polls for ever. */
const PATIENCE_MS = 30_000;
/** From the end of one fetch to the begin of the next, so that a source that fails is not hammered. */
const PAUSE_MS = 1_000;
/**
 * A place that refuses credentials has new ones fetched once these are so old; twice as old each time that the new ones
 * are refused there as well.
 */
const REFUSABLE_AGE_MS = 5_000;
/** The age at most, if the source issues others each time: each fetch may be a session of STS. */
const LONGEST_REFUSABLE_AGE_MS = 5 * 60_000;
/** The age at most, if the source returns the same access key again: it may be a file that is about to be corrected. */
const LONGEST_UNCHANGED_AGE_MS = 30_000;
/** For so long after a place accepted credentials, a refusal of another place has none fetched. */
const PROOF_MS = 5 * 60_000;
/** Unless it was so long before that refusal: credentials may have been revoked between the two. */
const PROOF_BEFORE_MS = 60_000;

/**
 * The life of credentials that seem to have expired before they were fetched: the clock of this machine, or of their source,
 * is wrong. If they really have, AWS refuses them, and others are fetched for that.
 */
const ASSUMED_LIFE_MS = 5 * 60_000;

/** New ones are fetched while the old are still used, from when a third of their life, or this, is left. */
const REFRESH_MS = 5 * 60_000;
/** From when a sixth of their life, or this, is left, they might expire on their way: requests wait for new ones. */
const WAIT_MS = 60_000;

interface Current {
  readonly credentials: AwsCredentials;
  /** On the monotonic clock. */
  readonly fetchedAt: number;
  /** Milliseconds that they had left when they were fetched; Infinity if they name no end. */
  readonly life: number;
  /** Their end in milliseconds since the epoch; Infinity if they name none, or one that was over when they were fetched. */
  readonly end: number;
}

/** What a place has said of credentials. */
interface Verdict {
  /** Those that the place refused last, and has not accepted since. */
  readonly refused: Current | undefined;
  /** When it first refused them, on the monotonic clock. */
  readonly refusedAt: number;
  /** How many in a row it has refused. */
  readonly refusals: number;
  /** The age from which `refused` are to be replaced, in milliseconds. */
  readonly refusableAge: number;
  /** Those that the place accepted last, and has not refused since. */
  readonly accepted: Current | undefined;
  /** On the monotonic clock. */
  readonly acceptedAt: number;
}

const UNKNOWN: Verdict = {
  refused: undefined,
  refusedAt: 0,
  refusals: 0,
  refusableAge: 0,
  accepted: undefined,
  acceptedAt: 0,
};

export interface RefreshedCredentialsOptions {
  /** Gets credentials from their source, remembering none. */
  readonly fetch: () => Promise<AwsCredentials>;
  /** A failure of `fetch` in words that may be logged and shown. */
  readonly explain: (thrown: unknown) => string;
  /** Adds to a reason which source does not return anything. */
  readonly explainDelay?: (reason: string) => string;
  readonly clock: Clock;
}

/**
 * Remembers credentials, whatever their source, and fetches new ones before they expire, when somebody asks: one fetch at
 * a time, for all that ask meanwhile. A fetch that fails leaves those that are still valid in use. A refusal has new ones
 * fetched for the place that refused, unless another place accepts them; all other places keep what they have until
 * then. The SDK's own ways to remember take credentials with less than five minutes to live for expired, and would fetch new ones of a role with
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
  readonly #verdicts = new Map<string, Verdict>();

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
    if (!(await within(this.#options.clock, PATIENCE_MS, this.#pending))) {
      return this.#outcome(place, this.#delay());
    }
    return this.#outcome(place);
  }

  accepted(place: string, accessKeyId: string): void {
    const current = this.#current;
    // A response may be to a request that was signed with those before.
    if (current?.credentials.accessKeyId === accessKeyId) {
      const acceptedAt = this.#options.clock.monotonic();
      this.#verdicts.set(place, { ...UNKNOWN, accepted: current, acceptedAt });
    }
  }

  refused(place: string, accessKeyId: string): void {
    const current = this.#current;
    const before = this.#verdicts.get(place);
    if (current?.credentials.accessKeyId !== accessKeyId || before?.refused === current) {
      return;
    }
    const refusals = (before?.refusals ?? 0) + 1;
    const isUnchanged = before?.refused?.credentials.accessKeyId === accessKeyId;
    const longest = isUnchanged ? LONGEST_UNCHANGED_AGE_MS : LONGEST_REFUSABLE_AGE_MS;
    const refusableAge = Math.min(REFUSABLE_AGE_MS * 2 ** (refusals - 1), longest);
    const refusedAt = this.#options.clock.monotonic();
    this.#verdicts.set(place, { ...UNKNOWN, refused: current, refusedAt, refusals, refusableAge });
  }

  /** Whether the place has refused these and is to get others: it is time for that, and no other place accepts them. */
  #isToBeReplaced(current: Current, place: string): boolean {
    const verdict = this.#verdicts.get(place);
    const now = this.#options.clock.monotonic();
    if (verdict?.refused !== current || now < current.fetchedAt + verdict.refusableAge) {
      return false;
    }
    const provenFrom = Math.max(now - PROOF_MS, verdict.refusedAt - PROOF_BEFORE_MS);
    const proves = ({ accepted, acceptedAt }: Verdict) => accepted === current && acceptedAt >= provenFrom;
    return ![...this.#verdicts.values()].some(proves);
  }

  /**
   * What there is to give. Credentials that were fetched well are given even where they seem to be expired: the clock of
   * this machine may be wrong, and it is AWS that judges.
   */
  #outcome(place: string, failure = this.#failure): AwsCredentials {
    const current = this.#current;
    const isValid = (each: Current) => this.#left(each) > 0 && !this.#isToBeReplaced(each, place);
    if (current !== undefined && (failure === undefined || isValid(current))) {
      return current.credentials;
    }
    throw failure ?? new CredentialsUnavailable('AWS refused the credentials, and no others are there yet');
  }

  /** Milliseconds until they expire. Of the two clocks the one that says less: the wall clock may be set back. */
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

  #delay(): CredentialsUnavailable {
    const reason = `no credentials after ${PATIENCE_MS / 1_000} s`;
    return new CredentialsUnavailable(this.#options.explainDelay?.(reason) ?? reason);
  }
}
