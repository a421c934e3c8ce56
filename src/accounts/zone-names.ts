import { toApiError } from '../aws/errors.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { Zone } from '../aws/zones.ts';
import { background } from '../lib/background.ts';
import { type Clock, sleepUnlessAborted } from '../lib/clock.ts';
import { Conditions } from '../lib/conditions.ts';
import type { Context } from '../lib/context.ts';
import type { Target, Targets } from '../scheduler/target.ts';
import type { TargetsInUse } from './targets-in-use.ts';

export interface ZoneNamesOptions {
  readonly context: Context;
  readonly targets: Pick<Targets, 'all'>;
  /** Whether names are read. A reload may change this. */
  readonly isEnabled: () => boolean;
  /** Reads the zones of a target. @throws errors of the call */
  readonly read: (target: Target, signal: AbortSignal) => Promise<readonly Zone[]>;
}

export interface RegionZone extends Zone {
  readonly region: string;
}

const OPERATION = 'DescribeAvailabilityZones';
const DAY_MS = 86_400_000;
/** Time after a failure. */
const RETRY_MS = 300_000;
/** Time until a new target is noticed. */
const CHECK_MS = 10_000;

/** The names of the zones in all targets in use, read daily. Nothing waits for them. */
export class ZoneNames {
  readonly #options: ZoneNamesOptions;
  readonly #zones = new WeakMap<Target, readonly Zone[]>();
  /** When each target is read again, on the monotonic clock. */
  readonly #due = new WeakMap<Target, number>();
  readonly #failures: Conditions<Target>;
  #isReading = false;

  constructor(options: ZoneNamesOptions) {
    this.#options = options;
    const { clock, log } = options.context;
    this.#failures = new Conditions({ clock, log, begun: 'zone names failed', ended: 'zone names recovered' });
  }

  /** Starts reading if names are enabled. Called at the start, and after each reload. */
  begin(): void {
    const { context, isEnabled } = this.#options;
    if (!this.#isReading && isEnabled()) {
      this.#isReading = true;
      background(context.log, 'reading of zone names', this.#readAll());
    }
  }

  /** The zones of all regions in use. Zones for which accounts have different names are omitted. */
  all(): readonly RegionZone[] {
    const { targets, isEnabled } = this.#options;
    const zones = new Map<string, RegionZone | undefined>();
    for (const target of isEnabled() ? targets.all() : []) {
      for (const { id, name } of this.#zones.get(target) ?? []) {
        const key = `${target.region} ${id}`;
        const isSame = !zones.has(key) || zones.get(key)?.name === name;
        zones.set(key, isSame ? { region: target.region, id, name } : undefined);
      }
    }
    return [...zones.values()].filter((zone) => zone !== undefined);
  }

  async #readAll(): Promise<void> {
    const { context, targets, isEnabled } = this.#options;
    const { clock, shutdown } = context;
    do {
      for (const target of [...targets.all()]) {
        if (isEnabled() && !shutdown.aborted && clock.monotonic() >= (this.#due.get(target) ?? 0)) {
          const succeeded = await this.#read(target);
          this.#due.set(target, clock.monotonic() + (succeeded ? DAY_MS : RETRY_MS));
        }
      }
    } while (isEnabled() && (await sleepUnlessAborted(clock, CHECK_MS, shutdown)));
    this.#isReading = false;
  }

  async #read(target: Target): Promise<boolean> {
    const { context, read } = this.#options;
    const { shutdown } = context;
    const fields = { account: target.account, aws_region: target.region, operation: OPERATION };
    try {
      this.#zones.set(target, await read(target, shutdown));
      this.#failures.over(target, fields);
      return true;
    } catch (thrown) {
      const { error, message } = toApiError(OPERATION, thrown);
      if (!shutdown.aborted) {
        this.#failures.found(target, { ...fields, error, reason: message }, { kind: error });
      }
      return false;
    }
  }
}

export interface ZonesReaderOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly handler: BoundedHandler;
  readonly targetsInUse: Pick<TargetsInUse, 'accounts'>;
  readonly endpoint: () => string | undefined;
}

/** Returns a function that reads the zones of a target in use. Loads the signatures of the SDK with the first call. */
export function zonesReader({ clock, handler, targetsInUse, endpoint }: ZonesReaderOptions): ZoneNamesOptions['read'] {
  return async ({ account, region }, signal) => {
    const { describeZones } = await import('../aws/zones.ts');
    const used = targetsInUse.accounts().get(account);
    if (used === undefined) {
      return [];
    }
    const url = endpoint()?.replaceAll('{region}', region);
    const request = { account, region, credentials: used.credentials, handler, endpoint: url, now: clock.now() };
    return describeZones(request, signal);
  };
}
