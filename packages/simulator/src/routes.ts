import type { QueryType } from './vocabulary.ts';

/** What a query operation does. */
export type QueryVerb = 'start' | 'status' | 'results' | 'stop';

export type InventoryOperation = 'GetMonitor' | 'ListMonitors' | 'GetScope' | 'ListScopes' | 'ListTagsForResource';

/** What a route calls: an operation on the inventory, or a verb on one of the three families of queries. */
export type Action =
  | { kind: 'inventory'; operation: InventoryOperation }
  | { kind: 'query'; verb: QueryVerb; queryType: QueryType };

export interface Route {
  /** The API's name of the operation. */
  operation: string;
  method: string;
  /** Path with labels in braces. */
  template: string;
  action: Action;
}

/** The path's labels, percent-decoded once. */
export interface Labels {
  monitorName?: string;
  scopeId?: string;
  queryId?: string;
  resourceArn?: string;
}

export interface RouteMatch {
  route: Route;
  labels: Labels;
}

const inventory = (operation: InventoryOperation, template: string): Route => ({
  operation,
  method: 'GET',
  template,
  action: { kind: 'inventory', operation },
});

const family = (suffix: string, queryType: QueryType, parent: string): Route[] => {
  const route = (prefix: string, verb: QueryVerb, method: string, template: string): Route => ({
    operation: `${prefix}${suffix}`,
    method,
    template,
    action: { kind: 'query', verb, queryType },
  });
  return [
    route('StartQuery', 'start', 'POST', parent),
    route('GetQueryStatus', 'status', 'GET', `${parent}/{queryId}/status`),
    route('GetQueryResults', 'results', 'GET', `${parent}/{queryId}/results`),
    route('StopQuery', 'stop', 'DELETE', `${parent}/{queryId}`),
  ];
};

const ROUTES: readonly Route[] = [
  inventory('GetMonitor', '/monitors/{monitorName}'),
  inventory('ListMonitors', '/monitors'),
  inventory('GetScope', '/scopes/{scopeId}'),
  inventory('ListScopes', '/scopes'),
  inventory('ListTagsForResource', '/tags/{resourceArn}'),
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

interface CompiledRoute {
  route: Route;
  segments: readonly { literal: string; label?: keyof Labels }[];
}

/** Keyed by method and number of segments, so that a request is compared with few routes. */
const COMPILED = new Map<string, CompiledRoute[]>();
for (const route of ROUTES) {
  const segments = route.template.split('/').map((literal) => {
    const label = labelOf(literal);
    return label === undefined ? { literal } : { literal, label };
  });
  const key = `${route.method} ${segments.length}`;
  COMPILED.set(key, [...(COMPILED.get(key) ?? []), { route, segments }]);
}

function labelOf(segment: string): keyof Labels | undefined {
  return (['monitorName', 'scopeId', 'queryId', 'resourceArn'] as const).find((name) => segment === `{${name}}`);
}

/**
 * The route of a request, `path` being as it came, without the query string. `undefined` when there is none: labels are
 * never empty. Throws URIError when a label's percent-encoding is broken.
 */
export function findRoute(method: string, path: string): RouteMatch | undefined {
  const parts = path.split('/');
  for (const { route, segments } of COMPILED.get(`${method} ${parts.length}`) ?? []) {
    if (segments.every(({ literal, label }, i) => (label === undefined ? parts[i] === literal : parts[i] !== ''))) {
      const labels: Labels = {};
      for (const [i, { label }] of segments.entries()) {
        if (label !== undefined) {
          labels[label] = decodeURIComponent(parts[i] ?? '');
        }
      }
      return { route, labels };
    }
  }
  return undefined;
}
