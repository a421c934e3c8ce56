import { env } from 'node:process';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { Role } from '../config/config.ts';
import type { Clock } from '../lib/clock.ts';
import { SILENT_LOG } from '../lib/log.ts';
import { type AwsCredentials, type Credentials, forSdkClient, reportVerdicts } from './credentials/credentials.ts';
import { defaultChain, type ProviderSettings } from './credentials/default-chain.ts';
import { profileProblem } from './credentials/shared-profiles.ts';
import { type StsSettings, stsPlace } from './credentials/sts.ts';
import { CredentialsUnavailable } from './errors.ts';
import { stsClientConfig } from './sts-client.ts';

// What the SDK's providers are needed for. This module is loaded when credentials are first needed: a start has none of it.

/** Those of the default chain. `onProvider` receives the provider that is called next. @throws CredentialsUnavailable */
export function credentialsOfChain(
  sts: StsSettings,
  clock: Clock,
  onProvider: (name: string) => void,
): Promise<AwsCredentials> {
  return defaultChain({ settings: chainSettings(sts), handler: sts.handler, clock, onProvider });
}

/** Those of a profile. @throws CredentialsUnavailable, and what the SDK throws */
export async function credentialsOfProfile(profile: string, sts: StsSettings): Promise<AwsCredentials> {
  const problem = await profileProblem(env, profile);
  if (problem !== undefined) {
    throw new CredentialsUnavailable(problem);
  }
  // A provider of the SDK remembers what it found: a new one each time looks again.
  return fromIni({ ...chainSettings(sts), profile })();
}

/** Returns what assumes a role with other credentials: one STS client for all of its sessions. It throws what the SDK throws. */
export function roleSessions(role: Role, base: Credentials, sts: StsSettings): () => Promise<AwsCredentials> {
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
    // What the SDK would print does not belong among our log lines; its errors say what went wrong.
    logger: SILENT_LOG,
  });
  return async () => {
    const session = await assume();
    const { $source } = await base.get(place);
    return { ...session, $source: { ...$source, CREDENTIALS_STS_ASSUME_ROLE: 'i' } };
  };
}

/** For the chain and for a profile: all that these call goes through our handler, and to the STS of our choice. */
function chainSettings(sts: StsSettings): ProviderSettings {
  const config = stsClientConfig(sts);
  return {
    clientConfig: { requestHandler: sts.handler },
    // The STS client is loaded late: few chains need it.
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
    logger: SILENT_LOG,
  };
}
