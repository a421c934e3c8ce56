import type { TargetClient } from '../../aws/client.ts';
import { ApiError, type ApiErrorName } from '../../aws/errors.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../../model/query.ts';
import type { Follower, Found } from '../../queries/following.ts';
import { findMonitors, findScopes } from './online-selectors.ts';

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
  const follow = (kind: Follower['selector']['kind']) => followers.some(({ selector }) => selector.kind === kind);
  const counted = (page: readonly unknown[], nextToken: string | undefined) =>
    `${page.length}${nextToken === undefined ? '' : ' or more'} found`;
  return [
    {
      about: 'monitors',
      async ask() {
        const { signal } = new AbortController();
        if (follow('monitors')) {
          found.monitors = await findMonitors(client, followers, signal);
          return counted(found.monitors, undefined);
        }
        const { page, nextToken } = await client.listMonitors(undefined, signal);
        return counted(page.items, nextToken);
      },
    },
    {
      about: 'scopes',
      async ask() {
        const { signal } = new AbortController();
        if (follow('scopes')) {
          found.scopeIds = await findScopes(client, signal);
          return counted(found.scopeIds, undefined);
        }
        const { page, nextToken } = await client.listScopes(undefined, signal);
        return counted(page.items, nextToken);
      },
    },
  ];
}

/** Whether what queries ask about exists, each thing once. */
export function subjectQuestions(client: TargetClient, queries: readonly RegisteredQuery[]): readonly Question[] {
  const subjects = new Map(queries.map((query) => [subjectOf(query), query]));
  return Array.from(subjects, ([about, { monitorName, scopeId }]) => ({
    about,
    async ask() {
      const signal = new AbortController().signal;
      const status =
        monitorName === undefined
          ? await client.subjectStatus('scope', scopeId ?? '', signal)
          : await client.subjectStatus('monitor', monitorName, signal);
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
    ask: () => client.queryStatus(query, new AbortController().signal),
  };
}

/** Whether answers to queries may be read, once for each thing and type: that much is to be learnt without a start. */
export function scheduledQuestions(client: TargetClient, queries: readonly ScheduledQuery[]): readonly Question[] {
  const kinds = new Map(queries.map((query) => [`${query.type} of ${subjectOf(query)}`, query]));
  return Array.from(kinds, ([about, query]) => ({
    about,
    async ask() {
      const reference = { ...query, queryId: NO_QUERY_ID };
      const { signal } = new AbortController();
      await unlessRefused(() => client.queryStatus(reference, signal));
      await unlessRefused(() => client.queryResults(reference, undefined, () => undefined, signal));
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
