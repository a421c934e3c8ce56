import { OF_FLOWS, OF_QUERY, SUBJECT, sumOnce } from './promql.ts';
import { COMPARE } from './variables.ts';

/** The moment of an expression: now, or the time with which now is compared. */
export type Moment = 'now' | 'then';

/** Families of contributors whose values can be added. */
export type EdgeFamily = 'aws_nfm_contributor_data_transferred_bytes' | 'aws_nfm_contributor_retransmissions';

/** Joins expressions with the same edges. */
export const ON_EDGE = 'on (source, target)';

/** Of selectors: nothing, or the offset of the comparison. */
export function offsetAt(moment: Moment): string {
  return moment === 'now' ? '' : ` offset ${COMPARE}`;
}

/**
 * Values per second between the two ends of flows, whose names depend on the variable `level`. Mirror rows are left out, and
 * queries with the same definition count once.
 *
 * @param only further condition on the flows, for example `and on (job, instance, query) …`
 */
export function edges(family: EdgeFamily, moment: Moment = 'now', only = ''): string {
  const offset = offsetAt(moment);
  const labels = ['job', 'instance', 'query', ...SUBJECT, ...labelsOf('local'), ...labelsOf('remote')].join(', ');
  // Pairs are fewer than flows, and the names of their ends take most of the time.
  const pairs = `sum by (${labels}) (${family}{${OF_FLOWS}}${offset}) / on (job, instance, query) group_left () aws_nfm_query_results_window_seconds{${OF_QUERY}}${offset}${only === '' ? '' : ` ${only}`}`;
  return sumOnce(withTarget(withSource(pairs)), 'source', 'target');
}

/** The local end. Flows without this information have one common source. */
function withSource(flows: string): string {
  return replaced(endOf(flows, 'source', 'local'), 'source', 'other', '/?');
}

/** The remote end. Without one, for example outside AWS, it is the destination category. */
function withTarget(flows: string): string {
  const joined = `label_join(${endOf(flows, 'target', 'remote')}, "target", ";", "target", "destination_category")`;
  return replaced(replaced(joined, 'target', '$1', '/?;(.*)'), 'target', '$1', '(.*);.*');
}

/** The value of `level` is the replacement: `$1` is the zone, `$2` the namespace, and `$3` the service. */
function endOf(flows: string, label: string, side: 'local' | 'remote'): string {
  const parts = labelsOf(side).map((part) => `"${part}"`);
  return replaced(`label_join(${flows}, "${label}", ";", ${parts.join(', ')})`, label, '$level', '(.*);(.*);(.*)');
}

/** Labels of flows that name an end. */
function labelsOf(side: 'local' | 'remote'): string[] {
  return ['az', 'pod_namespace', 'service_name'].map((part) => `${side}_${part}`);
}

function replaced(expression: string, label: string, replacement: string, pattern: string): string {
  return `label_replace(${expression}, "${label}", "${replacement}", "${label}", "${pattern}")`;
}

const OF_SUBJECT = ['job', 'instance', ...SUBJECT].join(', ');

/** Scheduled queries whose results have the same window as those of the query for bytes of the same monitor and category. */
const SAME_WINDOW = ['timestamp', 'window']
  .map((property) => {
    const ofQueries = (metric: string) =>
      `aws_nfm_query_results_${property}_seconds{${OF_QUERY}} * on (job, instance, query) group_left (${SUBJECT.join(', ')}) aws_nfm_query_info{metric_name="${metric}", ${OF_QUERY}}`;
    return `and on (job, instance, query) (${ofQueries('RETRANSMISSIONS')} == on (${OF_SUBJECT}) group_left () max by (${OF_SUBJECT}) (${ofQueries('DATA_TRANSFERRED')}))`;
  })
  .join(' ');

export const BYTES = edges('aws_nfm_contributor_data_transferred_bytes');
/** Retransmissions per GB (10^9 bytes), if both queries have results of the same window. */
export const RETRANSMISSIONS_PER_GB = `1e9 * ${edges('aws_nfm_contributor_retransmissions', 'now', SAME_WINDOW)} / (${BYTES} > 0)`;
