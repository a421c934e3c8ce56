import { env } from 'node:process';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { Account, Role } from '../config/config.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Credentials, forSdkClient, reportVerdicts } from './credentials.ts';
import { defaultChain, type ProviderSettings } from './default-chain.ts';
import { CredentialsUnavailable, describeFailure } from './errors.ts';
import { RefreshedCredentials } from './refreshed-credentials.ts';
import { profileProblem } from './shared-profiles.ts';
import { type StsSettings, stsClientConfig, stsPlace } from './sts.ts';

/**
 * The credentials of all accounts: the SDK's default chain, shared by all without a profile; those of a profile, shared
 * by all that name it; with a role, those of its session, assumed with these once for all regions of the account. STS
 * and SSO are called through the one request handler, so proxies and private CAs apply to them as well.
 */
export class AccountCredentials {
  readonly #clock: Clock;
  /** By profile; the default chain is that of none. */
  readonly #bases = new Map<string | undefined, RefreshedCredentials>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The credentials of an account. To be asked for once each, since every answer has a session of its own. */
  of({ profile, role }: Pick<Account, 'profile' | 'role'>, sts: StsSettings): Credentials {
    const base = this.#baseOf(profile, sts);
    return role === undefined ? base : this.#assumed(role, base, sts);
  }

  #baseOf(profile: string | undefined, sts: StsSettings): RefreshedCredentials {
    const known = this.#bases.get(profile);
    if (known !== undefined) {
      return known;
    }
    const credentials = profile === undefined ? this.#default(sts) : this.#ofProfile(profile, sts);
    this.#bases.set(profile, credentials);
    return credentials;
  }

  #default(sts: StsSettings): RefreshedCredentials {
    const clock = this.#clock;
    let provider = 'no provider';
    const onProvider = (name: string) => {
      provider = name;
    };
    return new RefreshedCredentials({
      fetch: () => defaultChain({ settings: chainSettings(sts), handler: sts.handler, clock, onProvider }),
      explain: describeFailure,
      explainDelay: (reason) => `${provider}: ${reason}`,
      clock,
    });
  }

  #ofProfile(profile: string, sts: StsSettings): RefreshedCredentials {
    const explain = (reason: string) => `profile ${profile}: ${reason}`;
    return new RefreshedCredentials({
      async fetch() {
        const problem = await profileProblem(env, profile);
        if (problem !== undefined) {
          throw new CredentialsUnavailable(problem);
        }
        // A provider of the SDK remembers what it found: a new one each time looks again.
        return fromIni({ ...chainSettings(sts), profile })();
      },
      explain: (thrown) => explain(describeFailure(thrown)),
      explainDelay: explain,
      clock: this.#clock,
    });
  }

  #assumed(role: Role, base: Credentials, sts: StsSettings): RefreshedCredentials {
    const { arn, sessionName, externalId, sessionTags } = role;
    const tags = Object.entries(sessionTags).map(([Key, Value]) => ({ Key, Value }));
    const place = stsPlace(sts);
    const assume = fromTemporaryCredentials({
      params: {
        RoleArn: arn,
        RoleSessionName: sessionName,
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
        ...(tags.length === 0 ? {} : { Tags: tags }),
      },
      masterCredentials: forSdkClient(base, place),
      clientConfig: stsClientConfig(sts),
      clientPlugins: [reportVerdicts(base, place)],
      logger: silent,
    });
    const sensitive = [...(externalId === undefined ? [] : [externalId]), ...Object.values(sessionTags)];
    return new RefreshedCredentials({
      fetch: async () => {
        const session = await assume();
        const { $source } = await base.get(place);
        return { ...session, $source: { ...$source, CREDENTIALS_STS_ASSUME_ROLE: 'i' } };
      },
      explain: (thrown) => `role ${arn}: ${describeFailure(thrown, sensitive)}`,
      explainDelay: (reason) => `role ${arn}: ${reason}`,
      clock: this.#clock,
    });
  }
}

/** For the chain and for a profile: all that these call goes through our handler, and to the STS of our choice. */
function chainSettings(sts: StsSettings): ProviderSettings {
  const config = stsClientConfig(sts);
  return {
    clientConfig: { requestHandler: sts.handler },
    // The STS client is loaded late: few chains need it, and it would double the time to the first listening.
    async roleAssumer(source, params) {
      const { getDefaultRoleAssumer } = await import('@aws-sdk/client-sts');
      return getDefaultRoleAssumer(config)(source, params);
    },
    async roleAssumerWithWebIdentity(params) {
      const { getDefaultRoleAssumerWithWebIdentity } = await import('@aws-sdk/client-sts');
      return getDefaultRoleAssumerWithWebIdentity(config)(params);
    },
    // The shared files are read anew each time, since they may have changed.
    ignoreCache: true,
    logger: silent,
  };
}

/** The SDK tells through its errors what went wrong; what it would print besides does not belong among our log lines. */
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // nothing to do
}
