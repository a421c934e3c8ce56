import { isMonitorName, isPathSegment, isRequestableArn } from '../config/reading/texts.ts';
import { invalid, isAbsent, readItems, readMembers, readText } from './response-members.ts';

export interface MonitorSummary {
  readonly name: string;
  /** Argument of ListTagsForResource; undefined if the response has no valid one. */
  readonly arn: string | undefined;
  /** A status of the model, or another text. */
  readonly status: string | undefined;
}

export interface ScopeSummary {
  readonly id: string;
  /** A status of the model, or another text. */
  readonly status: string | undefined;
}

/** The content of a page of a list. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** Number of omitted items, whose names or IDs are missing or invalid. */
  readonly leftOut: number;
}

/**
 * Reads a page of monitors. Omits and counts monitors without a valid name: no call can use them. Omits invalid ARNs.
 * @throws InvalidResponse for a member of a wrong type, and for a response without a list, which must not be treated as
 * an empty list
 */
export function readMonitors(output: unknown): ListPage<MonitorSummary> {
  return readRequiredItems(output, 'monitors', (item, path) => {
    const members = readMembers(item, path);
    const name = readText(members['monitorName'], `${path}.monitorName`);
    const arn = readText(members['monitorArn'], `${path}.monitorArn`);
    const status = readText(members['monitorStatus'], `${path}.monitorStatus`);
    return name !== undefined && isMonitorName(name)
      ? { name, arn: arn !== undefined && isRequestableArn(arn) ? arn : undefined, status }
      : undefined;
  });
}

/** Reads a page of scopes, as {@link readMonitors} does. @throws InvalidResponse */
export function readScopes(output: unknown): ListPage<ScopeSummary> {
  return readRequiredItems(output, 'scopes', (item, path) => {
    const members = readMembers(item, path);
    const id = readText(members['scopeId'], `${path}.scopeId`);
    const status = readText(members['status'], `${path}.status`);
    return id !== undefined && isPathSegment(id) ? { id, status } : undefined;
  });
}

/** Reads the tags of a resource, which may be absent. @throws InvalidResponse */
export function readTags(output: unknown): Readonly<Record<string, string>> {
  const { tags } = readMembers(output, 'response');
  if (isAbsent(tags)) {
    return {};
  }
  const entries = Object.entries(readMembers(tags, 'tags'));
  return Object.fromEntries(entries.map(([key, value]) => [key, readText(value, `tags.${key}`) ?? '']));
}

function readRequiredItems<T>(output: unknown, key: string, read: (item: unknown, path: string) => T | undefined) {
  const list = readMembers(output, 'response')[key];
  if (!Array.isArray(list)) {
    throw invalid(key, 'a list', list);
  }
  const all = readItems(list, key, read);
  const items = all.filter((item) => item !== undefined);
  return { items, leftOut: all.length - items.length };
}
