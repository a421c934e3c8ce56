import type { MonitorSelector, ScheduledEntry, SubjectSelector } from '../config/config.ts';
import type { Candidate } from '../model/query.ts';
import { type Entries, type EntryTarget, planScheduledQueries, targetsOf } from './plan.ts';

/** An entry with a selector in one target. Its queries are added and removed with monitors or scopes. */
export interface Follower {
  readonly entry: ScheduledEntry;
  readonly target: EntryTarget;
  readonly selector: SubjectSelector;
}

export interface FoundMonitor {
  readonly name: string;
  readonly status: string | undefined;
  /** Undefined while unknown: such a monitor matches no selector with tags. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** Monitors and scopes of a target from the last successful listings. Empty before the first. */
export interface Found {
  readonly monitors: readonly FoundMonitor[];
  readonly scopeIds: readonly string[];
}

/** Returns the entries with selectors, in the order of the file. */
export function followersOf(entries: Entries): readonly Follower[] {
  return entries.queries.flatMap((entry) => {
    const selector = entry.kind === 'scheduled' ? entry.selector : undefined;
    return entry.kind === 'watched' || selector === undefined
      ? []
      : Array.from(targetsOf(entry, entries), (target) => ({ entry, target, selector }));
  });
}

/** Returns the queries of the followers of one target. Names may be duplicate. */
export function planFollowing(followers: readonly Follower[], found: Found): readonly Candidate[] {
  return followers.flatMap(({ entry, target, selector }) =>
    Array.from(planScheduledQueries(entry, target, selectSubjects(selector, found)), ({ query }) => ({
      query,
      from: entry.path,
    })),
  );
}

/** Returns true if a selector depends on the tags of a monitor that matches otherwise. */
export function needsTags(selectors: readonly SubjectSelector[], monitor: Omit<FoundMonitor, 'tags'>): boolean {
  return selectors.some((selector) => selector.kind === 'monitors' && needsTagsOf(selector, monitor));
}

function needsTagsOf(selector: MonitorSelector, monitor: Omit<FoundMonitor, 'tags'>): boolean {
  return Object.keys(selector.tags).length > 0 && fitsButForTags(selector, monitor);
}

/**
 * Returns the number of matching monitors or scopes. Returns undefined if none match, but a monitor with unknown tags may
 * match.
 */
export function countMatches(selector: SubjectSelector, found: Found): number | undefined {
  const count = selectSubjects(selector, found).length;
  const mayMatch =
    count === 0 &&
    selector.kind === 'monitors' &&
    found.monitors.some((monitor) => monitor.tags === undefined && needsTagsOf(selector, monitor));
  return mayMatch ? undefined : count;
}

export function selectSubjects(selector: SubjectSelector, { monitors, scopeIds }: Found): readonly string[] {
  if (selector.kind === 'scopes') {
    return scopeIds;
  }
  const tags = Object.entries(selector.tags);
  const fits = (monitor: FoundMonitor) =>
    fitsButForTags(selector, monitor) && tags.every(([key, value]) => monitor.tags?.[key] === value);
  return monitors.filter(fits).map(({ name }) => name);
}

function fitsButForTags({ name, status }: MonitorSelector, monitor: Omit<FoundMonitor, 'tags'>): boolean {
  return status.some((each) => each === monitor.status) && fitsPattern(monitor.name, name);
}

/**
 * Returns true if a name matches a pattern: `*` matches any characters or none, `?` matches one, and all others match
 * themselves. Takes time in proportion to the product of both lengths at most, for any pattern.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  /** Index after the last `*` in the pattern, and the current end of its match in the name. */
  let afterStar: number | undefined;
  let starEnds = 0;
  while (at < name.length) {
    if (pattern[next] === '*') {
      next += 1;
      afterStar = next;
      starEnds = at;
    } else if (pattern[next] === '?' || pattern[next] === name[at]) {
      next += 1;
      at += 1;
    } else if (afterStar !== undefined) {
      starEnds += 1;
      at = starEnds;
      next = afterStar;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
