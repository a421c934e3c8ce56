import type { TargetClient } from '../../aws/client.ts';
import { InvalidResponse } from '../../aws/errors.ts';
import type { ListPage, MonitorSummary } from '../../aws/lists.ts';
import type { ListKind } from '../../aws/operations.ts';
import type { SubjectSelector } from '../../config/config.ts';
import { abbreviate, counted, NAMES_SHOWN } from '../../lib/text.ts';
import type { ScheduledQuery } from '../../model/query.ts';
import { type Follower, type FoundMonitor, needsTags, selectSubjects } from '../../queries/following.ts';
import { planScheduledQueries } from '../../queries/plan.ts';
import { listingPaging } from '../../results/paging.ts';

/** The calls of checks end only by their timeout. */
export const NEVER_ABORTED = new AbortController().signal;

export interface Selected {
  readonly follower: Follower;
  /** Names of monitors or ids of scopes. Undefined if the listing failed. */
  readonly subjects: readonly string[] | undefined;
  /** Number of listed monitors or scopes. */
  readonly of: number;
}

/** A discovered monitor, with its ARN. */
export type ListedMonitor = FoundMonitor & Pick<MonitorSummary, 'arn'>;

/** Monitors and scopes of a target whose listings succeeded. */
export interface Listed {
  monitors?: readonly ListedMonitor[];
  scopeIds?: readonly string[];
}

/** Lists the monitors of a target, and reads the tags that selectors depend on. @throws {ApiError} */
export async function findMonitors(
  client: TargetClient,
  selectors: readonly SubjectSelector[],
): Promise<readonly ListedMonitor[]> {
  const found: ListedMonitor[] = [];
  for (const monitor of await listAll('monitors', client, (token) => client.listMonitors(token, NEVER_ABORTED))) {
    const arn = needsTags(selectors, monitor) ? monitor.arn : undefined;
    found.push({ ...monitor, tags: arn === undefined ? undefined : await client.monitorTags(arn, NEVER_ABORTED) });
  }
  return found;
}

/** Lists the ids of the scopes of a target. @throws {ApiError} */
export async function findScopes(client: TargetClient): Promise<readonly string[]> {
  const scopes = await listAll('scopes', client, (nextToken) => client.listScopes(nextToken, NEVER_ABORTED));
  return scopes.map(({ id }) => id);
}

export interface ListedPage<Item> {
  readonly page: ListPage<Item>;
  readonly nextToken: string | undefined;
  readonly bytes: number;
}

async function listAll<Item>(
  kind: ListKind,
  client: TargetClient,
  listPage: (nextToken: string | undefined) => Promise<ListedPage<Item>>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const paging = listingPaging();
  do {
    const { page, nextToken, bytes } = await listPage(paging.nextToken);
    try {
      paging.add({ items: page.items.length + page.leftOut, bytes }, nextToken);
    } catch (thrown) {
      throw thrown instanceof InvalidResponse ? client.refuseListing(kind, thrown.message) : thrown;
    }
    for (const item of page.items) {
      items.push(item);
    }
  } while (paging.nextToken !== undefined);
  return items;
}

/** Returns the selection of each follower. */
export function select(followers: readonly Follower[], found: Listed): readonly Selected[] {
  const whole = { monitors: found.monitors ?? [], scopeIds: found.scopeIds ?? [] };
  return followers.map((follower) => {
    const { selector } = follower;
    const listed = selector.kind === 'monitors' ? found.monitors : found.scopeIds;
    return { follower, subjects: listed && selectSubjects(selector, whole), of: listed?.length ?? 0 };
  });
}

/** Returns `3 of 8 monitors match name "prod-*", status ACTIVE: a, b, c`. */
export function describeSelected({ follower, subjects = [], of }: Selected, verbose: boolean): string {
  const names = subjects.length === 0 ? '' : `: ${abbreviate(subjects, verbose ? subjects.length : NAMES_SHOWN)}`;
  return `${countSelected(follower.selector, subjects.length, of)}${names}`;
}

/** Returns `3 of 8 monitors match name "prod-*", status ACTIVE`. */
export function countSelected(selector: SubjectSelector, count: number, of: number): string {
  if (selector.kind === 'scopes') {
    return counted(count, 'scope');
  }
  const keys = Object.keys(selector.tags);
  const tags = keys.length === 0 ? '' : `, tags ${keys.join(', ')}`;
  return `${count} of ${counted(of, 'monitor')} match name "${selector.name}", status ${selector.status.join(' or ')}${tags}`;
}

/** Returns advice for a selector without matches. */
export function adviseOnNothing({ follower, of }: Selected): string {
  const subject = follower.selector.kind === 'scopes' ? 'scope' : 'monitor';
  return subject === 'monitor' && of > 0
    ? 'it creates no queries; check the selector'
    : `it creates no queries; create a ${subject}, or check the account and the Region`;
}

/** Returns a query that needs the same permissions as those of a selector, for a matching or possible subject. */
export function examplesOf({ follower, subjects = [] }: Selected): readonly ScheduledQuery[] {
  const { entry, target, selector } = follower;
  const subject = subjects[0] ?? (selector.kind === 'monitors' ? exampleName(selector.name) : undefined);
  return subject === undefined
    ? []
    : Array.from(planScheduledQueries(entry, target, [subject]), ({ query }) => query).slice(0, 1);
}

function exampleName(pattern: string): string {
  return pattern.replaceAll('*', '').replaceAll('?', 'x') || 'monitor';
}
