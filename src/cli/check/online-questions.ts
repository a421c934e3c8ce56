import type { TargetClient } from '../../aws/client.ts';
import { ApiError, type ApiErrorName } from '../../aws/errors.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../../model/query.ts';
import type { Follower, Found } from '../../queries/following.ts';
import { findMonitors, findScopes, type ListedPage } from './online-selectors.ts';

/** No query has it: who asks for it changes nothing, and is refused for want of permission before all else. */
const NO_QUERY_ID = '00000000-0000-0000-0000-000000000000';

/** After these nothing else is to be learnt in an account and region. */
export const HOPELESS: ReadonlySet<ApiErrorName> = new Set([
  'CredentialsError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NetworkError',
  'TimeoutError',
  'UnrecognizedClientException',
]);

/** Of a question about a query that does not exist: answers that are no leave to ask. All others are one. */
const REFUSALS: ReadonlySet<ApiErrorName> = new Set([
  ...HOPELESS,
  'AccessDeniedException',
  'InvalidResponse',
  'OtherError',
  'ThrottlingException',
  'UnknownOperationException',
]);

/** Calls of a check are not cut off. */
const WHOLE = new AbortController().signal;

/** A question to AWS; what it throws is a finding, too. */
export interface Question {
  /** `monitor checkout` */
  readonly about: string;
  ask(): Promise<string>;
  /** In words, an answer that is bad but no error; undefined for all others. */
  excuse?(error: ApiErrorName): string | undefined;
}

/**
 * Whether monitors and scopes may be listed. All are, where there are followers.
 *
 * @param found receives what was found for these
 */
export function listQuestions(
  client: TargetClient,
  followers: readonly Follower[],
  found: { -readonly [Key in keyof Found]?: Found[Key] },
): readonly Question[] {
  const question = (
    about: Follower['selector']['kind'],
    listAll: () => Promise<readonly unknown[]>,
    listSome: () => Promise<ListedPage<unknown>>,
  ): Question => ({
    about,
    async ask() {
      if (followers.some(({ selector }) => selector.kind === about)) {
        return `${(await listAll()).length} found`;
      }
      const { page, nextToken } = await listSome();
      return `${page.items.length}${nextToken === undefined ? '' : ' or more'} found`;
    },
  });
  const listMonitors = async () => {
    found.monitors = await findMonitors(client, followers, WHOLE);
    return found.monitors;
  };
  const listScopes = async () => {
    found.scopeIds = await findScopes(client, WHOLE);
    return found.scopeIds;
  };
  return [
    question('monitors', listMonitors, () => client.listMonitors(undefined, WHOLE)),
    question('scopes', listScopes, () => client.listScopes(undefined, WHOLE)),
  ];
}

/** Whether what queries ask about exists, each thing once. */
export function subjectQuestions(client: TargetClient, queries: readonly RegisteredQuery[]): readonly Question[] {
  const subjects = new Map(queries.map((query) => [subjectOf(query), query]));
  return Array.from(subjects, ([about, { monitorName, scopeId }]) => ({
    about,
    async ask() {
      const status =
        monitorName === undefined
          ? await client.subjectStatus('scope', scopeId ?? '', WHOLE)
          : await client.subjectStatus('monitor', monitorName, WHOLE);
      return `exists, ${status}`;
    },
    excuse(error) {
      const operation = monitorName === undefined ? 'GetScope' : 'GetMonitor';
      return error === 'AccessDeniedException'
        ? `not known whether it exists: ${operation} is not allowed, nor needed but for this question`
        : undefined;
    },
  }));
}

function subjectOf({ monitorName, scopeId }: RegisteredQuery): string {
  return monitorName === undefined ? `scope ${scopeId}` : `monitor ${monitorName}`;
}

export function watchedQuestion(client: TargetClient, query: WatchedQuery): Question {
  return {
    about: `query ${query.name}`,
    ask: () => client.queryStatus(query, WHOLE),
  };
}

/** Whether answers to queries may be read, once for each thing and type: that much is to be learnt without a start. */
export function scheduledQuestions(client: TargetClient, queries: readonly ScheduledQuery[]): readonly Question[] {
  const kinds = new Map(queries.map((query) => [`${query.type} of ${subjectOf(query)}`, query]));
  return Array.from(kinds, ([about, query]) => ({
    about,
    async ask() {
      const reference = { ...query, queryId: NO_QUERY_ID };
      await unlessRefused(() => client.queryStatus(reference, WHOLE));
      await unlessRefused(() => client.queryResults(reference, undefined, () => undefined, WHOLE));
      return 'status and results may be read; start and stop were not tried, since they change something';
    },
  }));
}

/** @throws ApiError where the failure says that the question itself is not allowed, or never arrived. */
async function unlessRefused(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || REFUSALS.has(thrown.error)) {
      throw thrown;
    }
  }
}
