import { createConstraints, enumValue, inRange, integerParameter, invalid } from './constraints.ts';
import type { Inventory, MonitorRecord, RegionInventory, ScopeRecord } from './inventory.ts';
import { pageOf } from './pages.ts';
import type { Queries, Query, QueryInput, QueryParent } from './queries.ts';
import type { InventoryOperation, Labels, QueryVerb, RouteMatch } from './routes.ts';
import { resultsOf } from './rows.ts';
import { modelledError } from './service-error.ts';
import { parseTimestamp } from './timestamp.ts';
import {
  DESTINATION_CATEGORIES,
  METRIC_NAMES,
  MONITOR_NAME_PATTERN,
  MONITOR_STATUSES,
  type QueryType,
} from './vocabulary.ts';
import type { Worlds } from './worlds.ts';

/** A request to the service, past authentication and throttling. */
export interface ApiRequest {
  account: string;
  region: string;
  match: RouteMatch;
  query: URLSearchParams;
  body: Buffer;
  /** Milliseconds on the monotonic clock. */
  now: number;
}

export interface ApiOptions {
  seed: string;
  inventory: Inventory;
  queries: Queries;
  /** Read at each use, since worlds may change. */
  worlds(): Worlds;
}

type Body = Readonly<Record<string, unknown>>;

/** The service's model lets a page of a listing hold so many. */
const LISTING_MAX_RESULTS = 25;
const LONGEST_WINDOW = 3_600_000;
const DEFAULT_LIMIT = 100;

/** The seventeen operations: gives the body of the success (always a 200), or throws a ServiceError. */
export function createApi(options: ApiOptions): (request: ApiRequest) => Body {
  return (request) => {
    const { action } = request.match.route;
    const region = options.inventory.of(request.account, request.region);
    checkLabels(request.match.labels);
    return action.kind === 'inventory'
      ? inventoryAnswer(options, request, region, action.operation)
      : queryAnswer(options, request, region, action.verb, action.queryType);
  };
}

function checkLabels({ monitorName, resourceArn }: Labels): void {
  const constraints = createConstraints();
  if (monitorName !== undefined && !MONITOR_NAME_PATTERN.test(monitorName)) {
    if (monitorName.length > 255) {
      constraints.violated('monitorName', monitorName, 'have length less than or equal to 255');
    } else {
      constraints.violated('monitorName', monitorName, 'satisfy regular expression pattern: ^[a-zA-Z0-9_.-]+$');
    }
  }
  if (resourceArn !== undefined) {
    if (resourceArn.length < 20) {
      constraints.violated('resourceArn', resourceArn, 'have length greater than or equal to 20');
    } else if (resourceArn.length > 2048) {
      constraints.violated('resourceArn', resourceArn, 'have length less than or equal to 2048');
    }
    if (!/^arn:.*$/.test(resourceArn)) {
      constraints.violated('resourceArn', resourceArn, 'satisfy regular expression pattern: ^arn:.*$');
    }
  }
  constraints.enforce();
}

function inventoryAnswer(
  { worlds }: ApiOptions,
  request: ApiRequest,
  region: RegionInventory,
  operation: InventoryOperation,
): Body {
  const { monitorName = '', scopeId = '', resourceArn = '' } = request.match.labels;
  switch (operation) {
    case 'GetMonitor':
      return monitorBody(region.monitors.get(monitorName) ?? notFound(`Monitor ${monitorName}`), worlds());
    case 'ListMonitors':
      return listMonitors(request, [...region.monitors.values()], worlds().pageSize);
    case 'GetScope':
      return { ...(region.scopes.get(scopeId) ?? notFound(`Scope ${scopeId}`)) };
    case 'ListScopes':
      return listScopes(request, [...region.scopes.values()], worlds().pageSize);
    case 'ListTagsForResource': {
      const resource =
        [...region.monitors.values()].find(({ monitorArn }) => monitorArn === resourceArn) ??
        [...region.scopes.values()].find(({ scopeArn }) => scopeArn === resourceArn) ??
        notFound(`Resource ${resourceArn}`);
      return { tags: resource.tags };
    }
  }
}

function monitorBody(monitor: MonitorRecord, { timestamps }: Worlds): Body {
  const time = (seconds: number) => (timestamps === 'text' ? new Date(seconds * 1000).toISOString() : seconds);
  return { ...monitor, createdAt: time(monitor.createdAt), modifiedAt: time(monitor.modifiedAt) };
}

function listMonitors(request: ApiRequest, monitors: readonly MonitorRecord[], pageSize: number): Body {
  const constraints = createConstraints();
  const wanted = request.query.get('monitorStatus');
  const status = wanted === null ? undefined : enumValue(constraints, 'monitorStatus', wanted, MONITOR_STATUSES);
  const size = integerParameter(constraints, request.query, 'maxResults', 1, LISTING_MAX_RESULTS);
  constraints.enforce();
  const listed = monitors.filter(({ monitorStatus }) => status === undefined || monitorStatus === status);
  const listing = `${request.account}/${request.region}/monitors/${status ?? ''}`;
  const { from, to, nextToken } = page(request, listing, listed.length, size, pageSize);
  return {
    monitors: listed
      .slice(from, to)
      .map(({ monitorArn, monitorName, monitorStatus }) => ({ monitorArn, monitorName, monitorStatus })),
    nextToken,
  };
}

function listScopes(request: ApiRequest, scopes: readonly ScopeRecord[], pageSize: number): Body {
  const constraints = createConstraints();
  const size = integerParameter(constraints, request.query, 'maxResults', 1, LISTING_MAX_RESULTS);
  constraints.enforce();
  const listing = `${request.account}/${request.region}/scopes`;
  const { from, to, nextToken } = page(request, listing, scopes.length, size, pageSize);
  return {
    scopes: scopes.slice(from, to).map(({ scopeId, status, scopeArn }) => ({ scopeId, status, scopeArn })),
    nextToken,
  };
}

function page(request: ApiRequest, listing: string, total: number, size: number | undefined, pageSize: number) {
  return pageOf(listing, total, Math.min(size ?? pageSize, pageSize), request.query.get('nextToken'));
}

function queryAnswer(
  options: ApiOptions,
  request: ApiRequest,
  region: RegionInventory,
  verb: QueryVerb,
  type: QueryType,
): Body {
  const { account, match, now } = request;
  const { monitorName, scopeId, queryId = '' } = match.labels;
  const where: QueryParent = { account, region: request.region, type, parent: monitorName ?? scopeId ?? '' };
  switch (verb) {
    case 'start':
      return start(options, request, region, where);
    case 'status': {
      const query = visibleQuery(options, where, queryId, now);
      return query.life.statusBody ?? { status: options.queries.status(query, now) };
    }
    case 'results':
      return results(options, request, region, where, queryId);
    case 'stop':
      options.queries.stop(visibleQuery(options, where, queryId, now), now);
      return {};
  }
}

function visibleQuery({ queries, worlds }: ApiOptions, where: QueryParent, queryId: string, now: number): Query {
  const query = queries.find(where, queryId, now);
  const { visibleAfter, unknownQueryId } = worlds();
  if (!query || (!query.fixed && now < query.startedAt + visibleAfter)) {
    throw modelledError(unknownQueryId, `Query ${queryId} does not exist.`);
  }
  return query;
}

function start(
  { queries, worlds }: ApiOptions,
  request: ApiRequest,
  region: RegionInventory,
  where: QueryParent,
): Body {
  const input = startInput(where, request.body);
  const exists =
    where.type === 'monitor-top-contributors' ? region.monitors.has(where.parent) : region.scopes.has(where.parent);
  if (!exists) {
    throw modelledError(worlds().unknownMonitorOnStart, `${where.parent} does not exist.`);
  }
  const query = queries.start(input, request.now);
  if (!query) {
    throw modelledError('ServiceQuotaExceededException', 'The number of queries under way has reached its limit.');
  }
  return { queryId: query.queryId };
}

function startInput(where: QueryParent, body: Buffer): QueryInput {
  const fields = jsonObject(body);
  const constraints = createConstraints();
  const time = (member: string) => {
    if (!constraints.present(member, fields[member])) {
      return undefined;
    }
    const parsed = parseTimestamp(fields[member]);
    if (parsed === undefined) {
      constraints.violated(member, fields[member], 'be a date-time of RFC 3339');
    }
    return parsed;
  };
  const word = <T extends string>(member: string, legal: readonly T[]) =>
    constraints.present(member, fields[member]) ? enumValue(constraints, member, fields[member], legal) : undefined;
  const startTime = time('startTime');
  const endTime = time('endTime');
  const metricName = word('metricName', METRIC_NAMES[where.type]);
  const destinationCategory = word('destinationCategory', DESTINATION_CATEGORIES);
  // The -data family has no limit: the service ignores members that its model does not have.
  const asked = where.type === 'workload-insights-top-contributors-data' ? undefined : fields['limit'];
  let limit: number | undefined = DEFAULT_LIMIT;
  if (asked !== undefined && asked !== null) {
    if (typeof asked === 'number' && Number.isInteger(asked)) {
      limit = inRange(constraints, 'limit', asked, 1, 500);
    } else {
      constraints.violated('limit', asked, 'be an integer');
    }
  }
  constraints.enforce();
  if (startTime === undefined || endTime === undefined || !metricName || !destinationCategory || !limit) {
    throw invalid('The request is incomplete.');
  }
  if (endTime <= startTime) {
    throw invalid('The end time must be after the start time.');
  }
  if (endTime - startTime > LONGEST_WINDOW) {
    throw invalid('The time range between the start time and the end time must not exceed 1 hour.');
  }
  return { ...where, startTime, endTime, metricName, destinationCategory, limit };
}

function jsonObject(body: Buffer): Body {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8') || '{}');
  } catch {
    throw invalid('The request body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('The request body is not a JSON object.');
  }
  return { ...value };
}

function results(
  options: ApiOptions,
  request: ApiRequest,
  region: RegionInventory,
  where: QueryParent,
  queryId: string,
): Body {
  const { now } = request;
  const worlds = options.worlds();
  const constraints = createConstraints();
  const size = integerParameter(constraints, request.query, 'maxResults', 1, 2 ** 31 - 1);
  constraints.enforce();
  const query = options.queries.find(where, queryId, now) ?? notFound(`Query ${queryId}`);
  const ended = options.queries.status(query, now) === 'SUCCEEDED';
  if (!ended && worlds.resultsBeforeEnd !== 'empty') {
    throw modelledError(worlds.resultsBeforeEnd, `Query ${queryId} has no results: it has not succeeded.`);
  }
  const targets = region.scopes.get(where.parent)?.targets.map((target) => target.targetIdentifier.targetId.accountId);
  const [first = request.account, ...others] = targets ?? [];
  const found = resultsOf(query, { seed: options.seed, worlds, scopeAccounts: [first, ...others] });
  const count = ended ? found.count : 0;
  const listing = [where.account, where.region, where.type, where.parent, queryId].join('/');
  const { from, to, nextToken } = page(request, listing, count, size, worlds.pageSize);
  const rows = Array.from({ length: to - from }, (_, i) => found.row(from + i));
  switch (where.type) {
    case 'monitor-top-contributors':
      return { ...found.unit, ...topContributors(rows, worlds), nextToken };
    case 'workload-insights-top-contributors':
      return { ...topContributors(rows, worlds), nextToken };
    case 'workload-insights-top-contributors-data':
      return { ...found.unit, datapoints: rows, nextToken };
  }
}

function topContributors(rows: readonly Body[], { emptyResults }: Worlds): Body {
  return rows.length === 0 && emptyResults === 'absent' ? {} : { topContributors: rows };
}

function notFound(what: string): never {
  throw modelledError('ResourceNotFoundException', `${what} does not exist.`);
}
