import { env } from 'node:process';
import { fromIni, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { Role } from '../config/config.ts';
import { SILENT_LOG } from '../lib/log.ts';
import { type AwsCredentials, type Credentials, forSdkClient, reportVerdicts } from './credentials/credentials.ts';
import { providerSettings } from './credentials/default-chain.ts';
import { profileProblem } from './credentials/shared-profiles.ts';
import { type StsSettings, stsPlace } from './credentials/sts.ts';
import { CredentialsUnavailable } from './errors.ts';
import { stsClientConfig } from './selective-retries.ts';

// The sources that use the SDK's providers. This module is loaded with the first use of credentials, not at startup.

export { credentialsOfChain } from './credentials/default-chain.ts';

/** Fetches credentials of a profile. @throws CredentialsUnavailable; errors of the SDK */
export async function credentialsOfProfile(profile: string, sts: StsSettings): Promise<AwsCredentials> {
  const problem = await profileProblem(env, profile);
  if (problem !== undefined) {
    throw new CredentialsUnavailable(problem);
  }
  // The SDK's providers cache their result: a new one reads it again.
  return fromIni({ ...providerSettings(sts), profile })();
}

/** Returns a function that assumes a role, with one STS client for all sessions. It throws errors of the SDK. */
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
    // The SDK's errors have all details: its log is not needed.
    logger: SILENT_LOG,
  });
  return async () => {
    const session = await assume();
    const { $source } = await base.get(place);
    return { ...session, $source: { ...$source, CREDENTIALS_STS_ASSUME_ROLE: 'i' } };
  };
}
