import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type Clock, within } from '../../lib/clock.ts';
import { Conditions } from '../../lib/conditions.ts';
import { type Logger, wholeSeconds } from '../../lib/log.ts';

/** Returns all addresses of a name. May never settle. */
export type Resolve = (name: string, options: LookupOptions) => Promise<readonly LookupAddress[]>;

export interface OtherResolver {
  readonly resolve: Resolve;
  close(): void;
}

export interface NameLookupOptions {
  readonly resolve: Resolve;
  readonly clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** For so long after its last successful lookup, the last addresses of a name may be used. */
const LAST_GOOD_MS = 15 * 60_000;
/** Longest wait of a connection for a lookup, from the start of the lookup, before it uses the last addresses. */
const GRACE_MS = 1_000;
/** A lookup without a response fails after this, and another one may start. */
const LOOKUP_TIMEOUT_MS = 30_000;

/** A failed lookup. It looks like one of Node's, so that it counts as a request that was never sent. */
function lookupError(hostname: string, code: string, reason: string, cause?: unknown): Error {
  return Object.assign(new Error(`DNS lookup failed: ${reason}`, { cause }), {
    syscall: 'getaddrinfo',
    code,
    hostname,
  });
}

/** The failure of a request that timed out after `ms` milliseconds during the lookup of the name. */
export function unresolved(name: string, ms: number): Error {
  return lookupError(name, 'EAI_AGAIN', `no response for ${name} within ${ms / 1_000} s`);
}

/** State of a name. All times are on the monotonic clock. */
interface Name {
  readonly hostname: string;
  pending: Promise<readonly LookupAddress[]> | undefined;
  pendingSince: number;
  known: { readonly addresses: readonly LookupAddress[]; readonly at: number } | undefined;
}

/**
 * Looks up names for all connections: one lookup per name at a time, because a canceled request does not end its lookup.
 * While a lookup hangs or fails, the last addresses of the name are used, which is logged once per name.
 */
export class NameLookup {
  readonly #options: NameLookupOptions;
  readonly #names = new Map<string, Name>();
  /** Names whose last addresses are used instead of those of a lookup. */
  readonly #outdated: Conditions<Name>;

  constructor(options: NameLookupOptions) {
    this.#options = options;
    this.#outdated = new Conditions({ ...options, begun: 'last known addresses used', ended: 'DNS lookup recovered' });
  }

  /** For `net.connect` and agents. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    const { family, hints } = options;
    const key = `${hostname} ${family ?? 0} ${hints ?? 0}`;
    const unknown = { hostname, pending: undefined, pendingSince: 0, known: undefined };
    const name: Name = this.#names.get(key) ?? unknown;
    this.#names.set(key, name);
    this.#addresses(name, { family, hints }).then(
      (addresses) => {
        const [first] = addresses;
        callback(null, options.all ? [...addresses] : (first?.address ?? ''), first?.family);
      },
      (error: Error) => callback(error, ''),
    );
  };

  /** Whether new connections to a name have been waiting for its lookup for longer than the grace period. */
  isUnresolved(hostname: string): boolean {
    const now = this.#options.clock.monotonic();
    return [...this.#names.values()].some(
      (name) =>
        name.hostname === hostname &&
        name.pending !== undefined &&
        now >= name.pendingSince + GRACE_MS &&
        this.#lastGood(name) === undefined,
    );
  }

  async #addresses(name: Name, options: LookupOptions): Promise<readonly LookupAddress[]> {
    name.pending ??= this.#start(name, options);
    const { pending } = name;
    if (this.#lastGood(name) === undefined) {
      return pending;
    }
    const { clock } = this.#options;
    const grace = Math.max(0, name.pendingSince + GRACE_MS - clock.monotonic());
    try {
      return await inTime(clock, grace, pending, () => unresolved(name.hostname, GRACE_MS));
    } catch (error) {
      const known = this.#lastGood(name);
      if (known === undefined) {
        throw error;
      }
      this.#reportOutdated(name, known.at, error);
      return known.addresses;
    }
  }

  async #start(name: Name, options: LookupOptions): Promise<readonly LookupAddress[]> {
    const { clock, resolve } = this.#options;
    name.pendingSince = clock.monotonic();
    try {
      const late = () => unresolved(name.hostname, LOOKUP_TIMEOUT_MS);
      const found = resolve(name.hostname, options).catch((thrown) => {
        throw failureOf(name.hostname, thrown);
      });
      const addresses = await inTime(clock, LOOKUP_TIMEOUT_MS, found, late);
      name.known = { addresses, at: clock.monotonic() };
      this.#outdated.over(name, { name: name.hostname });
      return addresses;
    } finally {
      name.pending = undefined;
    }
  }

  #lastGood({ known }: Name): Name['known'] {
    return known !== undefined && this.#options.clock.monotonic() < known.at + LAST_GOOD_MS ? known : undefined;
  }

  #reportOutdated(name: Name, knownAt: number, error: unknown): void {
    if (!this.#outdated.has(name)) {
      this.#outdated.found(name, {
        name: name.hostname,
        reason: error instanceof Error ? error.message : String(error),
        age: wholeSeconds(this.#options.clock.monotonic() - knownAt),
      });
    }
  }
}

function failureOf(hostname: string, thrown: unknown): Error {
  const { code, message }: { readonly code?: unknown; readonly message?: unknown } = Object(thrown);
  return lookupError(hostname, typeof code === 'string' ? code : 'EAI_FAIL', String(message ?? thrown), thrown);
}

/** Settles as the promise, but rejects with `late()` after `ms` milliseconds. */
async function inTime<T>(clock: Pick<Clock, 'setTimer'>, ms: number, promise: Promise<T>, late: () => Error) {
  if (!(await within(clock, ms, promise))) {
    throw late();
  }
  return promise;
}
