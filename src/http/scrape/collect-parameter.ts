import { METRIC_GROUPS, type MetricGroup } from '../../metrics/family.ts';

/** A value of `collect[]` that is no group. */
export class UnknownGroupError extends Error {
  override readonly name = 'UnknownGroupError';

  constructor(unknown: readonly string[]) {
    const quoted = unknown.map((group) => JSON.stringify(group)).join(', ');
    super(`Unknown in collect[]: ${quoted}; the groups are ${METRIC_GROUPS.join(', ')}`);
  }
}

/**
 * The groups named by `collect[]` (brackets encoded or not, repeated or not) in a URL's query string; other parameters
 * are ignored. `undefined` when none is named: all.
 *
 * @throws UnknownGroupError with every unknown one
 */
export function readGroups(queryString: string): ReadonlySet<MetricGroup> | undefined {
  const named = new URLSearchParams(queryString).getAll('collect[]');
  const unknown = named.filter((group) => !isMetricGroup(group));
  if (unknown.length > 0) {
    throw new UnknownGroupError(unknown);
  }
  return named.length === 0 ? undefined : new Set(named.filter(isMetricGroup));
}

function isMetricGroup(text: string): text is MetricGroup {
  return METRIC_GROUPS.some((group) => group === text);
}
