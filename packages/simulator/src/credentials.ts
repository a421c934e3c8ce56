import { identifier, letters } from './random.ts';
import type { Account } from './schema.ts';

export interface KnownCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  account: string;
  /** ARN of the IAM user, or of the session of an assumed role. */
  arn: string;
  userId: string;
  /** Milliseconds since the Unix epoch. */
  expiresAt: number;
}

/** A session of a role, issued by STS. */
export interface RoleSession {
  account: string;
  /** For example, `aws`. */
  partition: string;
  roleName: string;
  sessionName: string;
}

/** Issued credentials are kept for so long after their expiration, to distinguish them from unknown ones. */
const REMEMBERED = 3_600_000;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** All accepted credentials: those of the scenario, and those that STS has issued. */
export class CredentialStore {
  /** Whether the scenario has credentials: then every request must be signed with known ones. */
  readonly checked: boolean;
  readonly #seed: string;
  readonly #byKey = new Map<string, KnownCredentials>();
  readonly #issued = new Set<string>();
  #issueNumber = 0;

  /** `startedAt` is the start of the simulator. It and each `now` are milliseconds since the Unix epoch. */
  constructor(accounts: readonly Account[], seed: string, startedAt: number) {
    this.#seed = seed;
    for (const { id, credentials } of accounts) {
      for (const { user, expiresAfter = Infinity, ...keys } of credentials) {
        this.#byKey.set(keys.accessKeyId, {
          ...keys,
          account: id,
          arn: `arn:aws:iam::${id}:user/${user}`,
          userId: identifier('AIDA', `${seed}/user/${id}/${user}`),
          expiresAt: startedAt + expiresAfter,
        });
      }
    }
    this.checked = this.#byKey.size > 0;
  }

  find(accessKeyId: string): KnownCredentials | undefined {
    return this.#byKey.get(accessKeyId);
  }

  /** `lifetime` is in milliseconds. */
  issue({ account, partition, roleName, sessionName }: RoleSession, lifetime: number, now: number) {
    for (const accessKeyId of this.#issued) {
      if ((this.find(accessKeyId)?.expiresAt ?? 0) + REMEMBERED < now) {
        this.#issued.delete(accessKeyId);
        this.#byKey.delete(accessKeyId);
      }
    }
    this.#issueNumber += 1;
    const draw = `${this.#seed}/issued/${this.#issueNumber}`;
    const credentials = {
      accessKeyId: identifier('ASIA', draw),
      secretAccessKey: letters(BASE64, 40, `${draw}/secret`),
      sessionToken: letters(BASE64, 200, `${draw}/token`),
      account,
      arn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sessionName}`,
      userId: `${identifier('AROA', `${this.#seed}/role/${account}/${roleName}`)}:${sessionName}`,
      expiresAt: now + lifetime,
    };
    this.#byKey.set(credentials.accessKeyId, credentials);
    this.#issued.add(credentials.accessKeyId);
    return credentials;
  }

  /** Expires all existing credentials of an account at `now`. Later ones are unaffected. */
  expire(account: string, now: number): void {
    for (const credentials of this.#byKey.values()) {
      if (credentials.account === account) {
        credentials.expiresAt = Math.min(credentials.expiresAt, now);
      }
    }
  }
}
