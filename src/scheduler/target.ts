import type { Clock } from '../lib/clock.ts';
import { Budget } from './budget.ts';

/** Where to call, and how much: one account of the configuration in one region. */
export interface Target {
  readonly account: string;
  readonly region: string;
  /** Requests in flight, at most. */
  readonly maxConcurrentRequests: number;
  /** Configured; a budget that is shared may have less. */
  readonly requestsPerSecond: number;
  /** Replaced when the target turns out to be the same AWS account and region as another. */
  budget: Budget;
}

/** What the configuration allows in a target. */
export interface TargetLimits {
  readonly requestsPerSecond: number;
  readonly maxConcurrentRequests: number;
}

interface MutableTarget extends Target {
  maxConcurrentRequests: number;
  requestsPerSecond: number;
}

/** The targets that registered queries use, each made once. */
export class Targets {
  readonly #clock: Clock;
  readonly #targets = new Map<string, MutableTarget>();
  /** AWS account id and region to the targets that are really there. */
  readonly #known = new Map<string, Set<Target>>();
  #onFree: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The target of an account and region, with other limits than before where it is there already. */
  add(account: string, region: string, limits: TargetLimits): Target {
    const key = targetKey(account, region);
    const known = this.#targets.get(key);
    const { requestsPerSecond, maxConcurrentRequests } = limits;
    if (known === undefined) {
      const budget = this.#newBudget(requestsPerSecond);
      const target = { account, region, maxConcurrentRequests, requestsPerSecond, budget };
      this.#targets.set(key, target);
      return target;
    }
    known.maxConcurrentRequests = maxConcurrentRequests;
    if (known.requestsPerSecond !== requestsPerSecond) {
      known.requestsPerSecond = requestsPerSecond;
      this.#fit(known.budget);
    }
    return known;
  }

  /** Nothing is asked of the target any more but what is under way. */
  remove(target: Target): void {
    const key = targetKey(target.account, target.region);
    if (this.#targets.get(key) === target) {
      this.#targets.delete(key);
      for (const same of this.#known.values()) {
        same.delete(target);
      }
      this.#fit(target.budget);
    }
  }

  find(account: string, region: string): Target | undefined {
    return this.#targets.get(targetKey(account, region));
  }

  /** @throws Error when no query of the configuration uses this account and region: a mistake of ours. */
  get(account: string, region: string): Target {
    const target = this.find(account, region);
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

  /** A shared budget has the lowest limit of those who share it. */
  #fit(budget: Budget): void {
    const limits = [...this.#targets.values()].filter((each) => each.budget === budget);
    if (limits.length > 0) {
      budget.setLimit(Math.min(...limits.map(({ requestsPerSecond }) => requestsPerSecond)));
    }
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
