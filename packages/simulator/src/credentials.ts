import type { Account } from './account.ts';
import { createRandom } from './random.ts';

/** Credentials that the simulator knows. */
export interface KnownCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  account: string;
  /** The IAM user's ARN, or that of the assumed role's session. */
  arn: string;
  userId: string;
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
}

/** A session of a role, as STS hands it out. */
export interface RoleSession {
  account: string;
  /** Such as aws. */
  partition: string;
  roleName: string;
  sessionName: string;
  /** Milliseconds. */
  lifetime: number;
}

/** All credentials that are known: those of the scenario, and those that STS has issued. */
export interface CredentialStore {
  /** Whether the scenario names any: then every request must be signed with known ones. */
  readonly checked: boolean;
  find(accessKeyId: string): KnownCredentials | undefined;
  issue(session: RoleSession, now: number): KnownCredentials & { sessionToken: string };
  /** Makes all that are known of an account expire at `now`; later ones are not touched. */
  expire(account: string, now: number): void;
}

/** Expired issued credentials are known for so long still, so that their use is told from that of unknown ones. */
const REMEMBERED = 3_600_000;
const BASE32 = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'];
const BASE64 = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'];

/** `startedAt` is the simulator's start; it and each `now` are milliseconds since the Unix epoch. */
export function createCredentialStore(accounts: readonly Account[], seed: string, startedAt: number): CredentialStore {
  const byKey = new Map<string, KnownCredentials>();
  const issued = new Set<string>();
  let issueNumber = 0;
  for (const { id, credentials } of accounts) {
    for (const { user, expiresAfter, ...keys } of credentials) {
      byKey.set(keys.accessKeyId, {
        ...keys,
        account: id,
        arn: `arn:aws:iam::${id}:user/${user}`,
        userId: identifier('AIDA', `${seed}/user/${id}/${user}`),
        expiresAt: expiresAfter === undefined ? Infinity : startedAt + expiresAfter,
      });
    }
  }
  return {
    checked: byKey.size > 0,
    find: (accessKeyId) => byKey.get(accessKeyId),
    issue({ account, partition, roleName, sessionName, lifetime }, now) {
      for (const accessKeyId of issued) {
        if ((byKey.get(accessKeyId)?.expiresAt ?? 0) + REMEMBERED < now) {
          issued.delete(accessKeyId);
          byKey.delete(accessKeyId);
        }
      }
      issueNumber += 1;
      const draw = `${seed}/issued/${issueNumber}`;
      const credentials = {
        accessKeyId: identifier('ASIA', draw),
        secretAccessKey: letters(BASE64, 40, `${draw}/secret`),
        sessionToken: letters(BASE64, 200, `${draw}/token`),
        account,
        arn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`,
        userId: `${roleId(seed, account, roleName)}:${sessionName}`,
        expiresAt: now + lifetime,
      };
      byKey.set(credentials.accessKeyId, credentials);
      issued.add(credentials.accessKeyId);
      return credentials;
    },
    expire(account, now) {
      for (const credentials of byKey.values()) {
        if (credentials.account === account) {
          credentials.expiresAt = Math.min(credentials.expiresAt, now);
        }
      }
    },
  };
}

function roleId(seed: string, account: string, roleName: string): string {
  return identifier('AROA', `${seed}/role/${account}/${roleName}`);
}

/** Such as AIDA or ASIA, and sixteen letters and digits. */
export function identifier(prefix: string, draw: string): string {
  return prefix + letters(BASE32, 16, draw);
}

function letters(alphabet: readonly string[], length: number, draw: string): string {
  const random = createRandom(draw);
  return Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)] ?? '').join('');
}
