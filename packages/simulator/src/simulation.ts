import type { CredentialStore } from './credentials.ts';
import type { Inventory } from './inventory.ts';
import type { Queries } from './queries.ts';
import type { Account } from './schema.ts';
import type { Worlds } from './worlds.ts';

/** What operations work on, those of the service and of STS. */
export interface Simulation {
  seed: string;
  accounts: readonly Account[];
  /** Requests that name no known credentials are of this account. */
  defaultAccount: string;
  credentials: CredentialStore;
  inventory: Inventory;
  queries: Queries;
  /** Read at each use, since worlds may change. */
  worlds(): Worlds;
  /** Milliseconds since the Unix epoch, and on the monotonic clock. */
  now(): { wall: number; monotonic: number };
}
