import { isPathSegment } from '../config/reading/texts.ts';
import { QUERY_STATUSES, type QueryStatus, type QueryType } from '../model/vocabulary.ts';
import { Calls, type ResponsePage } from './calls.ts';
import type { ApiError } from './errors.ts';
import { type ListPage, type MonitorSummary, readMonitors, readScopes, readTags, type ScopeSummary } from './lists.ts';
import {
  LIST_OPERATIONS,
  type ListKind,
  QUERY_OPERATIONS,
  type QueryReference,
  type StartArguments,
  SUBJECT_OPERATIONS,
  shown,
  TAGS_OPERATION,
} from './operations.ts';
import type { Sdk, TargetClientOptions } from './sdk.ts';

/** Time after its start during which a query may be unknown to the service, in milliseconds: a 404 means `not yet` then. */
export const UNKNOWN_AT_FIRST_MS = 60_000;

/** Client of Network Flow Monitor in one target, within its request budget. Hides the SDK from the rest of the exporter. */
export class TargetClient {
  readonly #calls: Calls<Sdk>;

  constructor(options: TargetClientOptions) {
    this.#calls = new Calls<Sdk>({
      target: options.target,
      observer: options.observer,
      async createSdk(callOf) {
        const { createSdk } = await import('./sdk.ts');
        return createSdk(options, callOf);
      },
      tokenMember: 'nextToken',
    });
  }

  /**
   * Starts a query over a window. Returns the service's ID, which an equal start may have returned before. Does not
   * retry after an attempt that may have started the query.
   * @throws ApiError: `mayHaveTakenEffect` is true if the query may have been started; `InvalidResponse` for a response
   * without a valid ID
   */
  async startQuery(
    query: Omit<StartArguments, 'window'> & { readonly type: QueryType },
    window: StartArguments['window'],
    signal: AbortSignal,
  ): Promise<string> {
    const operation = QUERY_OPERATIONS[query.type].start;
    const { response } = await this.#calls.make(operation, { ...query, window }, signal, { isOnce: true });
    const { queryId }: { readonly queryId?: unknown } = response;
    if (typeof queryId === 'string' && isPathSegment(queryId)) {
      return queryId;
    }
    throw this.#calls.refused(operation, `expected a queryId, got ${shown(queryId)}`);
  }

  /**
   * Returns the status of a query.
   * @throws ApiError: `UnknownStatus` for an unknown text, `InvalidResponse` for a response without a status, or the
   * error of the service, the network, or the credential chain
   */
  async queryStatus(query: QueryReference & { readonly type: QueryType }, signal: AbortSignal): Promise<QueryStatus> {
    const operation = QUERY_OPERATIONS[query.type].status;
    const { response } = await this.#calls.make(operation, query, signal);
    const { status }: { readonly status?: unknown } = response;
    if (isQueryStatus(status)) {
      return status;
    }
    const error = typeof status === 'string' ? 'UnknownStatus' : 'InvalidResponse';
    const expected = `expected status to be one of ${QUERY_STATUSES.join(', ')}, got ${shown(status)}`;
    throw this.#calls.refused(operation, expected, error);
  }

  /**
   * Returns a page of a query's results, converted by `read`.
   * @throws ApiError; `InvalidResponse` if `read` throws InvalidResponse
   */
  async queryResults<Page>(
    query: QueryReference & { readonly type: QueryType },
    nextToken: string | undefined,
    read: (response: unknown) => Page,
    signal: AbortSignal,
  ): Promise<ResponsePage<Page>> {
    return this.#calls.page(QUERY_OPERATIONS[query.type].results, { ...query, nextToken }, read, signal);
  }

  /** Returns a page of the target's monitors. @throws ApiError */
  async listMonitors(
    nextToken: string | undefined,
    signal: AbortSignal,
  ): Promise<ResponsePage<ListPage<MonitorSummary>>> {
    return this.#calls.page(LIST_OPERATIONS.monitors, { nextToken }, readMonitors, signal);
  }

  /** Returns a page of the target's scopes. @throws ApiError */
  async listScopes(nextToken: string | undefined, signal: AbortSignal): Promise<ResponsePage<ListPage<ScopeSummary>>> {
    return this.#calls.page(LIST_OPERATIONS.scopes, { nextToken }, readScopes, signal);
  }

  /** Returns the tags of a monitor. @throws ApiError */
  async monitorTags(arn: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    return (await this.#calls.page(TAGS_OPERATION, arn, readTags, signal)).page;
  }

  /** Stops a query at the service. @throws ApiError */
  async stopQuery(query: QueryReference & { readonly type: QueryType }, signal: AbortSignal): Promise<void> {
    await this.#calls.make(QUERY_OPERATIONS[query.type].stop, query, signal);
  }

  /** Reports invalid results whose single pages are valid. The error, which it returns, counts for the last page. */
  refuseResults(query: { readonly type: QueryType }, message: string): ApiError {
    return this.#calls.refused(QUERY_OPERATIONS[query.type].results, message);
  }

  refuseListing(kind: ListKind, message: string): ApiError {
    return this.#calls.refused(LIST_OPERATIONS[kind], message);
  }

  /**
   * Returns the status of a monitor (by name) or of a scope (by ID).
   * @throws ApiError; `InvalidResponse` for a response without a status
   */
  async subjectStatus(kind: keyof typeof SUBJECT_OPERATIONS, id: string, signal: AbortSignal): Promise<string> {
    const operation = SUBJECT_OPERATIONS[kind];
    const { response } = await this.#calls.make(operation, id, signal);
    const members: { readonly monitorStatus?: unknown; readonly status?: unknown } = response;
    const status = kind === 'monitor' ? members.monitorStatus : members.status;
    if (typeof status === 'string' && status !== '') {
      return status;
    }
    throw this.#calls.refused(operation, `expected a status, got ${shown(status)}`);
  }
}

function isQueryStatus(status: unknown): status is QueryStatus {
  return QUERY_STATUSES.some((known) => known === status);
}
