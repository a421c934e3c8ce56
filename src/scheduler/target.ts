import type { Clock } from '../runtime/clock.ts';
import { Budget } from './budget.ts';

/** Where to call, and how much: one account of the configuration in one region. */
export interface Target {
  readonly account: string;
  readonly region: string;
  /** Requests in flight, at most. */
  readonly maxConcurrentRequests: number;
  /** Replaced when the target turns out to be the same AWS account and region as another. */
  budget: Budget;
}

/** The targets that registered queries use, each made once. */
export class Targets {
  readonly #clock: Clock;
  readonly #targets = new Map<string, Target>();
  /** AWS account id and region to the targets that are really there. */
  readonly #known = new Map<string, Set<Target>>();
  #onFree: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The target of an account and region; the first call for it decides its limits. */
  add(
    account: string,
    region: string,
    limits: { readonly requestsPerSecond: number; readonly maxConcurrentRequests: number },
  ): Target {
    const key = targetKey(account, region);
    let target = this.#targets.get(key);
    if (target === undefined) {
      target = {
        account,
        region,
        maxConcurrentRequests: limits.maxConcurrentRequests,
        budget: this.#newBudget(limits.requestsPerSecond),
      };
      this.#targets.set(key, target);
    }
    return target;
  }

  /** @throws Error when no query of the configuration uses this account and region: a mistake of ours. */
  get(account: string, region: string): Target {
    const target = this.#targets.get(targetKey(account, region));
    if (target === undefined) {
      throw new Error(`no target for account ${account} in ${region}`);
    }
    return target;
  }

  all(): IterableIterator<Target> {
    return this.#targets.values();
  }

  /** `listener` is called when a budget lets new calls begin again. */
  onFree(listener: () => void): void {
    this.#onFree = listener;
  }

  /**
   * Tells which AWS account a target really is. Targets that are the same account and region share one budget from then
   * on, the lower of theirs, since the service counts them as one. Returns those it is shared with.
   */
  identified(target: Target, awsAccountId: string): readonly Target[] {
    const key = targetKey(awsAccountId, target.region);
    const same = this.#known.get(key) ?? new Set();
    this.#known.set(key, same);
    same.add(target);
    const others = [...same].filter((other) => other !== target);
    const budget = others[0]?.budget;
    if (budget === undefined || budget === target.budget) {
      return [];
    }
    const shared = budget.limit <= target.budget.limit ? budget : target.budget;
    for (const member of same) {
      member.budget = shared;
    }
    return others;
  }

  #newBudget(requestsPerSecond: number): Budget {
    const budget = new Budget(requestsPerSecond, this.#clock);
    budget.onFree(() => this.#onFree());
    return budget;
  }
}

function targetKey(account: string, region: string): string {
  return `${account} ${region}`;
}
