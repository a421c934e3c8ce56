import { placeOf } from '../accounts/accounts.ts';
import { digestOf, type LoadedConfig } from '../queries/load.ts';

/** Variables that select the endpoints and the identity of calls. Their values are not secret. */
const VARIABLES = /^AWS_(ENDPOINT_URL(_\w+)?|IGNORE_CONFIGURED_ENDPOINT_URLS|PROFILE|ROLE_ARN)$/;

/**
 * Returns a hash of what the members of a group of replicas must have in common: the text of the configuration file, and the
 * endpoints, identities, and Regions of its accounts, which may come from the environment. With other ones, they make other calls.
 */
export function replicaConfigHash({ config, digest }: LoadedConfig, env: NodeJS.ProcessEnv): string {
  const accounts = config.accounts.map(({ name, regions, cloudwatch }) => [
    name,
    placeOf(name, config),
    regions,
    cloudwatch?.endpoint,
  ]);
  const variables = Object.entries(env).filter(([name]) => VARIABLES.test(name));
  return digestOf(JSON.stringify([digest, accounts, variables.sort(([a], [b]) => (a < b ? -1 : 1))]));
}
