import { Constraints } from './constraints.ts';
import { type ApiRequest, type Body, notFound, type Operation, operation, page, regionOf } from './operation.ts';
import type { Simulation } from './simulation.ts';
import { MONITOR_STATUSES } from './vocabulary.ts';

/** Maximum number of items per page, from the service's model. */
const LISTING_MAX_RESULTS = 25;

export const INVENTORY_OPERATIONS: readonly Operation[] = [
  operation('GET', '/monitors/{monitorName}', 'GetMonitor', getMonitor),
  operation('GET', '/monitors', 'ListMonitors', listMonitors),
  operation('GET', '/scopes/{scopeId}', 'GetScope', getScope),
  operation('GET', '/scopes', 'ListScopes', listScopes),
  operation('GET', '/tags/{resourceArn}', 'ListTagsForResource', listTags),
];

function getMonitor(simulation: Simulation, request: ApiRequest): Body {
  const { monitorName = '' } = request.labels;
  const monitor = regionOf(simulation, request).monitors.get(monitorName) ?? notFound(`Monitor ${monitorName}`);
  const { timestamps } = simulation.worlds();
  const time = (seconds: number) => (timestamps === 'text' ? new Date(seconds * 1000).toISOString() : seconds);
  return { ...monitor, createdAt: time(monitor.createdAt), modifiedAt: time(monitor.modifiedAt) };
}

function getScope(simulation: Simulation, request: ApiRequest): Body {
  const { scopeId = '' } = request.labels;
  return { ...(regionOf(simulation, request).scopes.get(scopeId) ?? notFound(`Scope ${scopeId}`)) };
}

function listTags(simulation: Simulation, request: ApiRequest): Body {
  const { resourceArn = '' } = request.labels;
  const { monitors, scopes } = regionOf(simulation, request);
  const resource =
    [...monitors.values()].find(({ monitorArn }) => monitorArn === resourceArn) ??
    [...scopes.values()].find(({ scopeArn }) => scopeArn === resourceArn) ??
    notFound(`Resource ${resourceArn}`);
  return { tags: resource.tags };
}

function listMonitors(simulation: Simulation, request: ApiRequest): Body {
  const monitors = [...regionOf(simulation, request).monitors.values()];
  const constraints = new Constraints();
  const wanted = request.query.get('monitorStatus');
  const status = wanted === null ? undefined : constraints.oneOf('monitorStatus', wanted, MONITOR_STATUSES);
  const size = listingSize(constraints, request);
  const listed = monitors.filter(({ monitorStatus }) => status === undefined || monitorStatus === status);
  const { from, to, nextToken } = page(simulation, request, `monitors/${status ?? ''}`, listed.length, size);
  const summaries = listed.slice(from, to).map(({ monitorArn, monitorName, monitorStatus }) => ({
    monitorArn,
    monitorName,
    monitorStatus,
  }));
  return { monitors: summaries, nextToken };
}

function listScopes(simulation: Simulation, request: ApiRequest): Body {
  const scopes = [...regionOf(simulation, request).scopes.values()];
  const size = listingSize(new Constraints(), request);
  const { from, to, nextToken } = page(simulation, request, 'scopes', scopes.length, size);
  const summaries = scopes.slice(from, to).map(({ scopeId, status, scopeArn }) => ({ scopeId, status, scopeArn }));
  return { scopes: summaries, nextToken };
}

function listingSize(constraints: Constraints, { query }: ApiRequest): number | undefined {
  const size = constraints.parameter(query, 'maxResults', 1, LISTING_MAX_RESULTS);
  constraints.enforce();
  return size;
}
