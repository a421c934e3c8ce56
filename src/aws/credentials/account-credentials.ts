import type { Account, Role } from '../../config/config.ts';
import type { Clock } from '../../lib/clock.ts';
import type * as Sources from '../credential-sources.ts';
import { describeFailure } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import { RefreshedCredentials } from './refreshed-credentials.ts';
import type { StsSettings } from './sts.ts';

/**
 * The credentials of all accounts. Accounts without a profile share the SDK's default chain; accounts with the same profile
 * share its credentials. A role is assumed with these, once for all regions of the account. STS and SSO are called through
 * the shared request handler, so that proxies and private CAs apply to them, too.
 */
export class AccountCredentials {
  readonly #clock: Clock;
  /** By profile; undefined for the default chain. */
  readonly #bases = new Map<string | undefined, RefreshedCredentials>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Creates the credentials of an account. Called once per account, because each result has a session of its own. */
  of({ profile, role }: Pick<Account, 'profile' | 'role'>, sts: StsSettings): Credentials {
    const create = () => (profile === undefined ? this.#default(sts) : this.#ofProfile(profile, sts));
    const base = this.#bases.get(profile) ?? create();
    this.#bases.set(profile, base);
    return role === undefined ? base : this.#assumed(role, base, sts);
  }

  #default(sts: StsSettings): RefreshedCredentials {
    const clock = this.#clock;
    let provider = 'no provider';
    const onProvider = (name: string) => {
      provider = name;
    };
    return new RefreshedCredentials({
      fetch: async () => (await sources()).credentialsOfChain(sts, clock, onProvider),
      explain: describeFailure,
      explainDelay: (reason) => `${provider}: ${reason}`,
      clock,
    });
  }

  #ofProfile(profile: string, sts: StsSettings): RefreshedCredentials {
    const explain = (reason: string) => `profile ${profile}: ${reason}`;
    return new RefreshedCredentials({
      fetch: async () => (await sources()).credentialsOfProfile(profile, sts),
      explain: (thrown) => explain(describeFailure(thrown)),
      explainDelay: explain,
      clock: this.#clock,
    });
  }

  #assumed(role: Role, base: Credentials, sts: StsSettings): RefreshedCredentials {
    const { arn, externalId, sessionTags } = role;
    let sessions: ReturnType<typeof Sources.roleSessions> | undefined;
    const sensitive = [externalId ?? [], Object.values(sessionTags)].flat();
    return new RefreshedCredentials({
      async fetch() {
        sessions ??= (await sources()).roleSessions(role, base, sts);
        return sessions();
      },
      explain: (thrown) => `role ${arn}: ${describeFailure(thrown, sensitive)}`,
      explainDelay: (reason) => `role ${arn}: ${reason}`,
      clock: this.#clock,
    });
  }
}

/** Loaded with the first use of credentials, as the rest of the SDK. */
function sources(): Promise<typeof Sources> {
  return import('../credential-sources.ts');
}
