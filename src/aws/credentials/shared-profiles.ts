import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { loadSharedConfigFiles } from '@smithy/core/config';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';

/** Keys of a profile that configure credentials. */
const CREDENTIAL_KEY =
  /^(aws_access_key_id|aws_secret_access_key|role_arn|credential_process|sso_\w+|web_identity_token_file|login_session)$/;

/**
 * Returns the reason why a profile in the shared AWS files provides no credentials: it is missing, or half of its key is.
 * Undefined if the SDK can use it.
 */
export async function profileProblem(env: NodeJS.ProcessEnv, profile: string): Promise<string | undefined> {
  const section = await readProfile(profile);
  if (section === undefined) {
    const files = [
      env['AWS_CONFIG_FILE'] || join(homedir(), '.aws', 'config'),
      env['AWS_SHARED_CREDENTIALS_FILE'] || join(homedir(), '.aws', 'credentials'),
    ];
    const unreadable = files.flatMap((file) => unreadableReason(file) ?? []);
    return unreadable.length > 0
      ? `the profile was not found: ${unreadable.join('; ')}`
      : `the profile was not found in ${files.join(' or ')}`;
  }
  return halfOf(section, 'aws_access_key_id', 'aws_secret_access_key');
}

/** Whether a profile exists and configures credentials. */
export async function givesCredentials(profile: string): Promise<boolean> {
  return Object.keys((await readProfile(profile)) ?? {}).some((key) => CREDENTIAL_KEY.test(key));
}

/** An error if only one of two settings is present. */
export function halfOf(settings: NodeJS.ProcessEnv, a: string, b: string): string | undefined {
  const [isSet, isMissing] = settings[a] ? [a, b] : [b, a];
  return settings[isSet] && !settings[isMissing] ? `${isSet} is set, but ${isMissing} is not` : undefined;
}

async function readProfile(profile: string): Promise<Readonly<Record<string, string | undefined>> | undefined> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  const [a, b] = [configFile[profile], credentialsFile[profile]];
  return a === undefined && b === undefined ? undefined : { ...a, ...b };
}

function unreadableReason(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (thrown) {
    return describeUnreadable(file, reasonOf(thrown));
  }
}
