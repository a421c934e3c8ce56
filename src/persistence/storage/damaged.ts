import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreRefusal } from './storage-error.ts';

/** So many are kept in a folder, the newest; older ones are removed. */
const KEPT = 20;
const MARK = '.damaged-';

/**
 * Gives what cannot be used another name, so that it is out of the way and can be looked at. Returns that name; undefined
 * when it cannot be renamed.
 *
 * @param now milliseconds since the epoch
 */
export async function setAside(folder: string, name: string, now: number): Promise<string | undefined> {
  const aside = `${name}${MARK}${new Date(now).toISOString().replace(/[-:]/g, '')}`;
  try {
    await rename(join(folder, name), join(folder, aside));
  } catch {
    return undefined;
  }
  return aside;
}

/** Removes all but the newest of what was set aside in a folder, as far as that is possible. */
export async function removeOldDamaged(folder: string): Promise<void> {
  const names = (await readdir(folder).catch(ignoreRefusal)) ?? [];
  const damaged = names.filter((each) => each.includes(MARK)).sort(byTime);
  for (const each of damaged.slice(0, Math.max(0, damaged.length - KEPT))) {
    await rm(join(folder, each), { recursive: true, force: true }).catch(ignoreRefusal);
  }
}

function byTime(a: string, b: string): number {
  const timeOf = (name: string) => name.slice(name.lastIndexOf(MARK));
  return timeOf(a) < timeOf(b) ? -1 : 1;
}
