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
  /** Ends all calls. */
  readonly signal: AbortSignal;
}

interface Known {
  /** Ends the call when no account uses the credentials. */
  readonly abort: AbortController;
  identity: Identity | undefined;
  readonly logged: Set<string>;
}

/** The AWS identity of each account: resolved in the background, once for all accounts with the same credentials. */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #known = new Map<Credentials, Known>();
  #accounts: readonly UsedAccount[] = [];
  #started = false;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.learn([]), { once: true });
  }

  /** Starts the calls: none is made before. */
  begin(): void {
    this.#started = true;
    this.learn(this.#accounts);
  }

  /**
   * Resolves the identities of the accounts in use. Each is logged once per account. Targets of the same AWS account and region
   * then share a request budget.
   */
  learn(accounts: Iterable<UsedAccount>): void {
    this.#accounts = [...accounts];
    if (!this.#started) {
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
        background(this.#options.log, 'resolution of the AWS identity', this.#resolve(used));
      } else if (known.identity !== undefined) {
        this.#apply(used, known, known.identity);
      }
    }
  }

  async #resolve({ account, credentials, sts }: UsedAccount): Promise<void> {
    const { clock, log, failures } = this.#options;
    const known: Known = { abort: new AbortController(), identity: undefined, logged: new Set() };
    this.#known.set(credentials, known);
    // The STS client is loaded late: nothing waits for it, and it would double the time until the exporter listens.
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
        this.#apply(used, known, identity);
      }
    }
  }

  #apply({ account: { name: account } }: UsedAccount, { logged }: Known, identity: Identity): void {
    const { targets, apiStats, log } = this.#options;
    const { awsAccountId, arn, provider } = identity;
    if (!logged.has(account)) {
      logged.add(account);
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
