import { isMonitorName, isPathSegment, isRequestableArn } from '../config/reading/texts.ts';
import { invalid, isAbsent, readItems, readMembers, readText } from './answer-members.ts';

/** A monitor as ListMonitors tells it. */
export interface MonitorSummary {
  readonly name: string;
  /** What ListTagsForResource takes; undefined where the answer has none. */
  readonly arn: string | undefined;
  /** One of the model's, or another text. */
  readonly status: string | undefined;
}

/** A scope as ListScopes tells it. */
export interface ScopeSummary {
  readonly id: string;
  /** One of the model's, or another text. */
  readonly status: string | undefined;
}

/** What a page of a listing holds. */
export interface ListPage<Item> {
  readonly items: readonly Item[];
  /** How many are left out, since no request can name them. */
  readonly leftOut: number;
}

/**
 * Reads one page of monitors. Those without a name cannot be told apart, those with one that the API does not allow
 * cannot be asked about: both are left out, and counted. ARNs that no request can name are left out.
 *
 * @throws InvalidResponse for a member of another type than the model's, and for an answer without a list: it would be
 * taken for one that says that there are no monitors.
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

/** Reads one page of scopes, as {@link readMonitors} does. @throws InvalidResponse */
export function readScopes(output: unknown): ListPage<ScopeSummary> {
  return readRequiredItems(output, 'scopes', (item, path) => {
    const members = readMembers(item, path);
    const id = readText(members['scopeId'], `${path}.scopeId`);
    const status = readText(members['status'], `${path}.status`);
    return id !== undefined && isPathSegment(id) ? { id, status } : undefined;
  });
}

/** Reads the tags of a resource; an answer without any has none. @throws InvalidResponse */
export function readTags(output: unknown): Readonly<Record<string, string>> {
  const { tags } = readMembers(output, 'answer');
  if (isAbsent(tags)) {
    return {};
  }
  const entries = Object.entries(readMembers(tags, 'tags'));
  return Object.fromEntries(entries.map(([key, value]) => [key, readText(value, `tags.${key}`) ?? '']));
}

function readRequiredItems<T>(
  output: unknown,
  key: string,
  read: (item: unknown, path: string) => T | undefined,
): ListPage<T> {
  const list = readMembers(output, 'answer')[key];
  if (!Array.isArray(list)) {
    throw invalid(key, 'a list', list);
  }
  const all = readItems(list, key, read);
  const items = all.filter((item) => item !== undefined);
  return { items, leftOut: all.length - items.length };
}
