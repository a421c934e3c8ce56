import type { Clock } from '../lib/clock.ts';
import { Budget } from './budget.ts';

export interface TargetLimits {
  /** The request budget. A shared budget may be lower. */
  readonly requestsPerSecond: number;
  readonly maxConcurrentRequests: number;
}

/** One account of the configuration in one region. */
export interface Target extends TargetLimits {
  readonly account: string;
  readonly region: string;
  /** Replaced if the target has the same AWS account and region as another. */
  budget: Budget;
}

type MutableTarget = { -readonly [Member in keyof Target]: Target[Member] };

/** The targets that registered queries use. */
export class Targets {
  /** Called when a budget allows new calls again. */
  onFree: () => void = () => undefined;
  readonly #clock: Clock;
  readonly #targets = new Map<string, MutableTarget>();
  /** Targets by AWS account ID and region. */
  readonly #identified = new Map<string, Set<Target>>();
  #share = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the target of an account and region. Creates it, or updates its limits. */
  add(account: string, region: string, { requestsPerSecond, maxConcurrentRequests }: TargetLimits): Target {
    const key = targetKey(account, region);
    const known = this.#targets.get(key);
    if (known === undefined) {
      const budget = new Budget(this.#share * requestsPerSecond, this.#clock);
      budget.onFree = () => this.onFree();
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

  /** Removes a target. Requests in progress continue. */
  remove(target: Target): void {
    const key = targetKey(target.account, target.region);
    if (this.#targets.get(key) === target) {
      this.#targets.delete(key);
      for (const same of this.#identified.values()) {
        same.delete(target);
      }
      this.#fit(target.budget);
    }
  }

  find(account: string, region: string): Target | undefined {
    return this.#targets.get(targetKey(account, region));
  }

  /** @throws Error if no query of the configuration uses this account and region: an internal error */
  get(account: string, region: string): Target {
    const target = this.find(account, region);
    if (target === undefined) {
      throw new Error(`internal error: no target for account ${account} in ${region}`);
    }
    return target;
  }

  all(): IterableIterator<Target> {
    return this.#targets.values();
  }

  /** Sets the part of each request budget that this process may use. */
  setShare(share: number): void {
    this.#share = share;
    for (const { budget } of this.#targets.values()) {
      this.#fit(budget);
    }
  }

  /**
   * Sets the AWS account of a target. AWS throttles targets of one account and region as one, so they share the lower
   * budget. Returns the other targets.
   */
  identified(target: Target, awsAccountId: string): readonly Target[] {
    const key = targetKey(awsAccountId, target.region);
    const same = this.#identified.get(key) ?? new Set<Target>();
    this.#identified.set(key, same.add(target));
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

  /** Sets the limit of a budget to the lowest of the targets that share it. */
  #fit(budget: Budget): void {
    const limits = [...this.#targets.values()].filter((each) => each.budget === budget);
    if (limits.length > 0) {
      budget.setLimit(this.#share * Math.min(...limits.map(({ requestsPerSecond }) => requestsPerSecond)));
    }
  }
}

function targetKey(account: string, region: string): string {
  return `${account} ${region}`;
}
