import { Constraints, invalid } from './constraints.ts';
import { isMapping, parsedJson } from './fields.ts';
import { type ApiRequest, type Body, notFound, type Operation, operation, page, regionOf } from './operation.ts';
import type { Query, QueryInput, QueryParent } from './queries.ts';
import { resultsOf } from './rows.ts';
import { modelledError } from './service-error.ts';
import type { Simulation } from './simulation.ts';
import { DESTINATION_CATEGORIES, metricNamesOf, type QueryType } from './vocabulary.ts';

const LONGEST_WINDOW = 3_600_000;
const DEFAULT_LIMIT = 100;

/** The four operations of a query type. `parent` is the path of its queries. */
const family = (suffix: string, type: QueryType, parent: string): Operation[] => [
  operation('POST', parent, `StartQuery${suffix}`, (...call) => startQuery(type, ...call)),
  operation('GET', `${parent}/{queryId}/status`, `GetQueryStatus${suffix}`, (...call) => getStatus(type, ...call)),
  operation('GET', `${parent}/{queryId}/results`, `GetQueryResults${suffix}`, (...call) => getResults(type, ...call)),
  operation('DELETE', `${parent}/{queryId}`, `StopQuery${suffix}`, (...call) => stopQuery(type, ...call)),
];

export const QUERY_OPERATIONS: readonly Operation[] = [
  ...family('MonitorTopContributors', 'monitor-top-contributors', '/monitors/{monitorName}/topContributorsQueries'),
  ...family(
    'WorkloadInsightsTopContributors',
    'workload-insights-top-contributors',
    '/workloadInsights/{scopeId}/topContributorsQueries',
  ),
  ...family(
    'WorkloadInsightsTopContributorsData',
    'workload-insights-top-contributors-data',
    '/workloadInsights/{scopeId}/topContributorsDataQueries',
  ),
];

function placeOf({ account, region, labels }: ApiRequest, type: QueryType): QueryParent {
  return { account, region, type, parent: labels.monitorName ?? labels.scopeId ?? '' };
}

function startQuery(type: QueryType, simulation: Simulation, request: ApiRequest): Body {
  const region = regionOf(simulation, request);
  const input = startInput(placeOf(request, type), request.body);
  const exists = (type === 'monitor-top-contributors' ? region.monitors : region.scopes).has(input.parent);
  if (!exists) {
    throw modelledError(simulation.worlds().unknownMonitorOnStart, `${input.parent} does not exist.`);
  }
  const query = simulation.queries.start(input, request.now);
  if (!query) {
    throw modelledError('ServiceQuotaExceededException', 'The number of queries in progress has reached its limit.');
  }
  return { queryId: query.queryId };
}

function startInput(where: QueryParent, body: Buffer): QueryInput {
  const fields = jsonObject(body);
  const constraints = new Constraints();
  const time = (member: string) =>
    constraints.required(member, fields[member], (value) => constraints.time(member, value));
  const word = <T extends string>(member: string, legal: readonly T[]) =>
    constraints.required(member, fields[member], (value) => constraints.oneOf(member, value, legal));
  const startTime = time('startTime');
  const endTime = time('endTime');
  const metricName = word('metricName', metricNamesOf(where.type));
  const destinationCategory = word('destinationCategory', DESTINATION_CATEGORIES);
  // The `-data` type has no limit: the service ignores members that the model lacks.
  const asked = where.type === 'workload-insights-top-contributors-data' ? undefined : fields['limit'];
  const limit =
    typeof asked === 'number' && Number.isInteger(asked)
      ? constraints.inRange('limit', asked, 1, 500)
      : asked === undefined || asked === null
        ? DEFAULT_LIMIT
        : constraints.violated('limit', asked, 'be an integer');
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
  const value = body.length === 0 ? {} : parsedJson(body);
  if (!isMapping(value)) {
    throw invalid(value === undefined ? 'The request body is not JSON.' : 'The request body is not a JSON object.');
  }
  return value;
}

function getStatus(type: QueryType, simulation: Simulation, request: ApiRequest): Body {
  const query = visibleQuery(simulation, request, type);
  return query.life.statusBody ?? { status: simulation.queries.status(query, request.now) };
}

function stopQuery(type: QueryType, simulation: Simulation, request: ApiRequest): Body {
  simulation.queries.stop(visibleQuery(simulation, request, type), request.now);
  return {};
}

/** The query of a status or stop request, if it is visible: its start must be long enough ago. */
function visibleQuery(simulation: Simulation, request: ApiRequest, type: QueryType): Query {
  regionOf(simulation, request);
  const { queryId = '' } = request.labels;
  const query = simulation.queries.find(placeOf(request, type), queryId, request.now);
  const { visibleAfter, unknownQueryId } = simulation.worlds();
  if (!query || (!query.fixed && request.now < query.startedAt + visibleAfter)) {
    throw modelledError(unknownQueryId, `Query ${queryId} does not exist.`);
  }
  return query;
}

function getResults(type: QueryType, simulation: Simulation, request: ApiRequest): Body {
  const { scopes } = regionOf(simulation, request);
  const { queries } = simulation;
  const { queryId = '' } = request.labels;
  const where = placeOf(request, type);
  const worlds = simulation.worlds();
  const constraints = new Constraints();
  const size = constraints.parameter(request.query, 'maxResults', 1, 2 ** 31 - 1);
  constraints.enforce();
  const query = queries.find(where, queryId, request.now) ?? notFound(`Query ${queryId}`);
  const ended = queries.status(query, request.now) === 'SUCCEEDED';
  if (!ended && worlds.resultsBeforeEnd !== 'empty') {
    throw modelledError(worlds.resultsBeforeEnd, `Query ${queryId} has no results: it has not succeeded.`);
  }
  const targets = scopes.get(where.parent)?.targets.map((target) => target.targetIdentifier.targetId.accountId);
  const [first = request.account, ...others] = targets ?? [];
  const found = resultsOf(query, simulation, [first, ...others]);
  const count = ended ? found.count : 0;
  const { from, to, nextToken } = page(simulation, request, `${type}/${where.parent}/${queryId}`, count, size);
  const rows = Array.from({ length: to - from }, (_, i) => found.row(from + i));
  if (type === 'workload-insights-top-contributors-data') {
    return { ...found.unit, datapoints: rows, nextToken };
  }
  const topContributors = rows.length === 0 && worlds.emptyResults === 'absent' ? {} : { topContributors: rows };
  return { ...(type === 'monitor-top-contributors' ? found.unit : {}), ...topContributors, nextToken };
}
