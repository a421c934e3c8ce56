import { env } from 'node:process';
import { fromEnv, fromIni, fromInstanceMetadata, fromTokenFile } from '@aws-sdk/credential-providers';
import type { Clock } from '../../lib/clock.ts';
import { SILENT_LOG } from '../../lib/log.ts';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';
import { CredentialsUnavailable, describeFailure, httpStatusOf } from '../errors.ts';
import { stsClientConfig } from '../selective-retries.ts';
import { containerCredentials, isContainerConfigured } from './container-credentials.ts';
import type { AwsCredentials } from './credentials.ts';
import { givesCredentials, halfOf, profileProblem } from './shared-profiles.ts';
import type { StsSettings } from './sts.ts';

/** Returns settings for the SDK's providers: all calls use the exporter's request handler and STS endpoint. */
export function providerSettings(sts: StsSettings): NonNullable<Parameters<typeof fromIni>[0]> {
  const config = stsClientConfig(sts);
  return {
    clientConfig: { requestHandler: sts.handler },
    // The STS client is loaded lazily: few chains need it.
    async roleAssumer(source, params) {
      const { getDefaultRoleAssumer } = await import('@aws-sdk/client-sts');
      return getDefaultRoleAssumer(config)(source, params);
    },
    async roleAssumerWithWebIdentity(params) {
      const { getDefaultRoleAssumerWithWebIdentity } = await import('@aws-sdk/client-sts');
      return getDefaultRoleAssumerWithWebIdentity(config)(params);
    },
    // The shared files are read for each fetch, because they may have changed.
    ignoreCache: true,
    logger: SILENT_LOG,
  };
}

interface Provider {
  readonly name: string;
  /** Whether the environment or the shared files configure it. */
  readonly isConfigured: boolean | Promise<boolean>;
  readonly fetch: () => Promise<AwsCredentials>;
}

/**
 * Calls the providers of the SDK's default chain, in its order and with its environment variables. If all fail, the SDK
 * reports only the last one. This chain reports all that are configured.
 * @param onProvider receives the name of the next provider
 * @throws CredentialsUnavailable
 */
export async function credentialsOfChain(
  sts: StsSettings,
  clock: Clock,
  onProvider: (name: string) => void,
): Promise<AwsCredentials> {
  const failures: string[] = [];
  for (const provider of providers(sts, clock)) {
    if (await provider.isConfigured) {
      onProvider(provider.name);
      try {
        return await provider.fetch();
      } catch (thrown) {
        failures.push(`${provider.name}: ${describeFailure(thrown)}`);
        if (!triesNext(thrown)) {
          throw new CredentialsUnavailable(failures.join('; '));
        }
      }
    }
  }
  try {
    return await instanceCredentials(onProvider);
  } catch (thrown) {
    throw failures.length > 0 ? new CredentialsUnavailable(failures.join('; ')) : thrown;
  }
}

/** A failure of web identity, containers, or a role of a profile ends the chain, as in the SDK. */
function triesNext(thrown: unknown): boolean {
  const { tryNextLink }: { readonly tryNextLink?: unknown } = Object(thrown);
  return tryNextLink === true;
}

function providers(sts: StsSettings, clock: Clock): readonly Provider[] {
  const settings = providerSettings(sts);
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN } = env;
  const profile = AWS_PROFILE || 'default';
  return [
    {
      name: 'environment',
      isConfigured: !AWS_PROFILE && Boolean(AWS_ACCESS_KEY_ID || AWS_SECRET_ACCESS_KEY),
      async fetch() {
        refuse(halfOf(env, 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'));
        return fromEnv(settings)();
      },
    },
    {
      name: `profile ${profile}`,
      isConfigured: Boolean(AWS_PROFILE) || givesCredentials(profile),
      async fetch() {
        refuse(await profileProblem(env, profile));
        return fromIni({ ...settings, profile })();
      },
    },
    {
      name: 'web identity',
      isConfigured: Boolean(AWS_WEB_IDENTITY_TOKEN_FILE),
      async fetch() {
        refuse(AWS_ROLE_ARN ? undefined : 'AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not');
        try {
          return await fromTokenFile(settings)();
        } catch (thrown) {
          const { syscall }: { readonly syscall?: unknown } = Object(thrown);
          if (syscall !== 'open' && syscall !== 'read') {
            throw thrown;
          }
          const unreadable = describeUnreadable(AWS_WEB_IDENTITY_TOKEN_FILE ?? '', reasonOf(thrown));
          throw new CredentialsUnavailable(`AWS_WEB_IDENTITY_TOKEN_FILE: ${unreadable}`);
        }
      },
    },
    {
      name: 'container credentials',
      isConfigured: isContainerConfigured(env),
      fetch: () => containerCredentials(env, sts.handler, clock),
    },
  ];
}

/** A provider with a missing setting does not end the chain. */
function refuse(problem: string | undefined): void {
  if (problem !== undefined) {
    throw Object.assign(new CredentialsUnavailable(problem), { tryNextLink: true });
  }
}

/** The fix if a container gets no token of IMDSv2. */
const HOP_LIMIT = "in a container, set the instance's HttpPutResponseHopLimit to 2 or more";

/** Fetches the credentials of this EC2 instance, which need no setting. */
async function instanceCredentials(onProvider: (name: string) => void): Promise<AwsCredentials> {
  const { AWS_EC2_METADATA_DISABLED } = env;
  const others = 'no provider is configured (environment, profile, web identity, container)';
  if (AWS_EC2_METADATA_DISABLED && AWS_EC2_METADATA_DISABLED !== 'false') {
    throw new CredentialsUnavailable(`${others}, and AWS_EC2_METADATA_DISABLED is set`);
  }
  onProvider('instance metadata (IMDSv2)');
  try {
    return await fromInstanceMetadata({ logger: SILENT_LOG })();
  } catch (thrown) {
    throw new CredentialsUnavailable(`${others}; instance metadata (IMDSv2): ${instanceFailure(thrown)}`);
  }
}

/** The SDK replaces the messages of Node's errors, but keeps their members. */
function instanceFailure(thrown: unknown): string {
  const { message, statusCode, code, address, port }: Readonly<Record<string, unknown>> = Object(thrown);
  const status = typeof statusCode === 'number' ? statusCode : httpStatusOf(thrown);
  if (status === 401 || status === 403) {
    return `HTTP ${status}; ${HOP_LIMIT}`;
  }
  if (status === 404) {
    return 'HTTP 404: the instance has no IAM role';
  }
  if (status !== undefined) {
    return `HTTP ${status}`;
  }
  if (typeof code === 'string') {
    return `${code}${address === undefined ? '' : ` ${String(address)}:${String(port)}`}`;
  }
  return String(message).includes('TimeoutError') ? `no response within 1 s; ${HOP_LIMIT}` : describeFailure(thrown);
}
