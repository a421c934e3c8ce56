import type { CloudWatch } from './cloudwatch-schema.ts';
import type { CredentialStore } from './credentials.ts';
import type { Incident } from './incidents.ts';
import type { Inventory } from './inventory.ts';
import type { Queries } from './queries.ts';
import type { Account } from './schema.ts';
import type { Worlds } from './worlds.ts';

/** The state for operations of the service and of STS. */
export interface Simulation {
  seed: string;
  accounts: readonly Account[];
  /** Account of requests without known credentials. */
  defaultAccount: string;
  credentials: CredentialStore;
  inventory: Inventory;
  queries: Queries;
  /** Called at each use, because worlds may change. */
  worlds(): Worlds;
  /** Start of the simulator in milliseconds since the Unix epoch. */
  startedAt: number;
  cloudwatch: CloudWatch;
  /** Called at each use, because incidents may change. */
  incidents(): readonly Incident[];
  /** Number of metrics that GetMetricData was called for, the unit of its price, by account. */
  billed: Map<string, number>;
  /** Milliseconds since the Unix epoch, and on the monotonic clock. */
  now(): { wall: number; monotonic: number };
}
