import { createConnection } from 'node:net';
import { hostname } from 'node:os';
import { placeOf } from '../accounts/accounts.ts';
import type { BoundedHandler } from '../aws/network/bounded-handler.ts';
import type { Replicas } from '../config/config.ts';
import type { Context } from '../lib/context.ts';
import { withoutBrackets } from '../lib/text.ts';
import { questionOf } from '../model/question.ts';
import { groupOfShard, type Shard } from '../model/shard.ts';
import { openEngine } from '../persistence/registers/open-engine.ts';
import { digestOf, type LoadedConfig } from '../queries/load.ts';
import type { ConfigInForce } from '../registry/query-sources.ts';
import type { ProbeResult } from '../replicas/leadership.ts';
import { ReplicaMember } from '../replicas/member.ts';
import type { RegisterEngine } from '../replicas/registers.ts';

export interface ReplicaOptions {
  readonly context: Context;
  readonly inForce: ConfigInForce;
  readonly replicas: Replicas;
  readonly engine: RegisterEngine | undefined;
  readonly handler: BoundedHandler;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Each shard has a group of its own. */
  readonly shard: Shard;
}

/** Shortest time for which an intent of another living process is left alone, in milliseconds. */
const PATIENCE_MS = 60_000;
/** Time limit of a connection to another member, in milliseconds. */
const PROBE_MS = 1_000;

/**
 * Opens this process's membership in its group of replicas. Nothing is called before its start. Undefined without an engine.
 *
 * @throws NetworkConfigError
 */
export function openReplica({ context, inForce, replicas, handler, env, version, shard, ...given }: ReplicaOptions) {
  const { clock, log } = context;
  const { id, group, url, heartbeat, deadAfter } = replicas;
  const engine = given.engine ?? openEngine({ config: inForce.loaded.config, handler, clock, env, version });
  let hashed: LoadedConfig | undefined;
  let hash = '';
  const configHash = () => {
    hash = hashed === inForce.loaded ? hash : replicaConfigHash(inForce.loaded, env);
    hashed = inForce.loaded;
    return hash;
  };
  return (
    engine &&
    new ReplicaMember({
      engine,
      clock,
      log,
      settings: { group: groupOfShard(group, shard), id: id ?? hostname(), url, heartbeat, deadAfter },
      version,
      config: configHash,
      questionOf(query) {
        const question = questionOf(query);
        return { ...question, asked: `${placeOf(query.account, inForce.loaded.config)} ${question.asked}` };
      },
      probe: probePort,
      patience() {
        const { requestTimeout, maxAttempts } = inForce.loaded.config.aws;
        return Math.max(PATIENCE_MS, 2 * requestTimeout * maxAttempts);
      },
    })
  );
}

function probePort(url: string): Promise<ProbeResult> {
  const { hostname: host, port, protocol } = new URL(url);
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return new Promise((resolve) => {
    const socket = createConnection({
      host: withoutBrackets(host),
      port: port === '' ? defaultPort : Number(port),
      timeout: PROBE_MS,
    });
    const end = (result: ProbeResult) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end('accepted'));
    socket.once('timeout', () => end('unknown'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED' ? 'refused' : 'unknown'));
  });
}

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
