import type { MonitorSelector, ScheduledEntry, SubjectSelector } from '../config/config.ts';
import type { Candidate } from '../model/query.ts';
import { type Entries, type Place, placesOf, planScheduledQueries } from './plan.ts';

/** An entry in one account and region whose queries come and go as monitors or scopes do. */
export interface Follower {
  readonly entry: ScheduledEntry;
  readonly place: Place;
  readonly selector: SubjectSelector;
}

/** A monitor that was found in a target. */
export interface FoundMonitor {
  readonly name: string;
  readonly status: string | undefined;
  /** Undefined while they are not known: such a monitor has none that a selector asks for. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** What was found in a target by the last good listings: nothing before the first. */
export interface Found {
  readonly monitors: readonly FoundMonitor[];
  readonly scopeIds: readonly string[];
}

/** The entries that follow monitors or scopes, in the order of the file. */
export function followersOf(entries: Entries): readonly Follower[] {
  return entries.queries.flatMap((entry) => {
    const selector = entry.kind === 'scheduled' ? entry.selector : undefined;
    return entry.kind === 'watched' || selector === undefined
      ? []
      : Array.from(placesOf(entry, entries), (place) => ({ entry, place, selector }));
  });
}

/** The queries that followers of one target would have now; some may have the same name. */
export function planFollowing(followers: readonly Follower[], found: Found): readonly Candidate[] {
  return followers.flatMap(({ entry, place, selector }) =>
    Array.from(planScheduledQueries(entry, place, selectSubjects(selector, found)), ({ query }) => ({
      query,
      from: entry.path,
    })),
  );
}

/** Whether a selector asks for the tags of a monitor: all else about it fits. */
export function needsTags(followers: readonly Follower[], monitor: Omit<FoundMonitor, 'tags'>): boolean {
  return followers.some(({ selector }) => selector.kind === 'monitors' && needsTagsOf(selector, monitor));
}

function needsTagsOf(selector: MonitorSelector, monitor: Omit<FoundMonitor, 'tags'>): boolean {
  return Object.keys(selector.tags).length > 0 && fitsButForTags(selector, monitor);
}

/**
 * How many monitors or scopes a selector matches. Undefined if that is unknown: it matches none, but may match a monitor
 * whose tags could not be read.
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
 * Whether a name is what a pattern says: `*` stands for any characters, also none, `?` for any one, and all else for
 * itself. Takes time in proportion to the lengths' product at most, whatever the pattern.
 */
export function fitsPattern(name: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  /** Behind the last star of the pattern that was passed, and where what it stands for ends in the name for now. */
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
