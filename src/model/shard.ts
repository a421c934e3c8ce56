import { createHash } from 'node:crypto';

/** The part of the targets that one exporter, or one group of replicas, has. */
export interface Shard {
  /** From 0 to {@link total} - 1. */
  readonly ordinal: number;
  /** Number of shards. 1: all targets. */
  readonly total: number;
}

/** The shard of an exporter that has all targets. */
export const WHOLE: Shard = { ordinal: 0, total: 1 };

interface Place {
  readonly account: string;
  readonly region: string;
}

/**
 * Returns the ordinal of the shard that has a target: the one with the highest hash of account, region, and ordinal. It is the same
 * in all versions and processes. If the number of shards changes from N to N + 1, only one of N + 1 targets moves.
 */
export function shardOf({ account, region }: Place, total: number): number {
  let best = 0;
  let highest = -1;
  for (let ordinal = 0; ordinal < total; ordinal += 1) {
    // An account's name and a region hold no space.
    const hash = createHash('sha256').update(`${account} ${region} ${ordinal}`).digest().readUIntBE(0, 6);
    if (hash > highest) {
      highest = hash;
      best = ordinal;
    }
  }
  return best;
}

/** Returns whether the shard of this exporter has a target. */
export type IsOwnTarget = (place: Place) => boolean;

/** Returns a function that returns whether a shard has a target. It computes the hash of each target once. */
export function targetsOfShard({ ordinal, total }: Shard): IsOwnTarget {
  if (total === 1) {
    return () => true;
  }
  const known = new Map<string, boolean>();
  return (place) => {
    const key = `${place.account} ${place.region}`;
    const isOwn = known.get(key) ?? shardOf(place, total) === ordinal;
    known.set(key, isOwn);
    return isOwn;
  };
}

/**
 * Returns the name of the group of replicas of a shard. Without shards, it is the name of the group. It does not contain the number
 * of shards: while that changes, old and new members share the registers of the targets that they both have.
 */
export function groupOfShard(group: string, { ordinal, total }: Shard): string {
  return total === 1 ? group : `${group}:${ordinal}`;
}
