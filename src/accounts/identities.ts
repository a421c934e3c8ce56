import type { Credentials } from '../aws/credentials/credentials.ts';
import type { Identity } from '../aws/credentials/identity.ts';
import { background } from '../lib/background.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Target, Targets } from '../scheduler/target.ts';
import type { ApiStats } from '../state/api-stats.ts';
import type { UsedAccount } from './accounts.ts';
import type { CredentialFailureLog } from './credential-failure-log.ts';

export interface IdentitiesOptions {
  readonly targets: Targets;
  readonly apiStats: ApiStats;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failures: CredentialFailureLog;
  /** Ends the asking. */
  readonly signal: AbortSignal;
}

/** What is known of who some credentials make us. */
interface Known {
  /** Ends the asking, when no account has the credentials any more. */
  readonly abort: AbortController;
  identity: Identity | undefined;
  /** Accounts whose identity was logged. */
  readonly told: Set<string>;
}

/** Who we are in each account: asked of AWS while all else goes on, once for all accounts that have the same credentials. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #known = new Map<Credentials, Known>();
  #accounts: readonly UsedAccount[] = [];
  #begun = false;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.learn([]), { once: true });
  }

  /** Asks from now on: nothing is sent before. */
  begin(): void {
    this.#begun = true;
    this.learn(this.#accounts);
  }

  /**
   * These accounts are in use now. Who we are in them is told once per account, and targets that are one AWS account and
   * region come to share a budget.
   */
  learn(accounts: Iterable<UsedAccount>): void {
    this.#accounts = [...accounts];
    if (!this.#begun) {
      return;
    }
    for (const [credentials, { abort }] of this.#known) {
      if (!this.#accounts.some((each) => each.credentials === credentials)) {
        abort.abort();
        this.#known.delete(credentials);
      }
    }
    for (const used of this.#accounts) {
      const known = this.#known.get(used.credentials);
      if (known === undefined) {
        background(this.#options.log, 'look-up of the AWS identity', this.#ask(used));
      } else if (known.identity !== undefined) {
        this.#tell(used, known, known.identity);
      }
    }
  }

  async #ask({ account, credentials, sts }: UsedAccount): Promise<void> {
    const { clock, log, failures } = this.#options;
    const known: Known = { abort: new AbortController(), identity: undefined, told: new Set() };
    this.#known.set(credentials, known);
    // The STS client is loaded late: nothing waits for it, and it would double the time to the first listening.
    const { learnIdentity } = await import('../aws/credentials/identity.ts');
    const identity = await learnIdentity(
      {
        account: account.name,
        credentials,
        sts,
        onNoCredentials: (message) => failures.failed({ account: account.name, region: undefined }, message),
      },
      clock,
      log,
      known.abort.signal,
    );
    if (identity !== undefined) {
      failures.recovered({ account: account.name, region: undefined });
      known.identity = identity;
      for (const used of this.#accounts.filter((each) => each.credentials === credentials)) {
        this.#tell(used, known, identity);
      }
    }
  }

  #tell({ account: { name: account } }: UsedAccount, { told }: Known, identity: Identity): void {
    const { targets, apiStats, log } = this.#options;
    const { awsAccountId, arn, provider } = identity;
    if (!told.has(account)) {
      told.add(account);
      log.info('AWS identity resolved', { account, arn, provider });
    }
    const isNew = (target: Target) => target.account === account && apiStats.of(target).identity !== identity;
    for (const target of [...targets.all()].filter(isNew)) {
      apiStats.identified(target, identity);
      const others = targets.identified(target, awsAccountId);
      if (others.length > 0) {
        log.info('request budget shared by targets', {
          account,
          aws_region: target.region,
          other_accounts: others.map((other) => other.account).join(','),
          requests_per_second: target.budget.limit,
        });
      }
    }
  }
}
