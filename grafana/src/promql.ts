/** Matchers for what the variables at the top of a dashboard choose. */
export const OF_JOB = 'job=~"$job"';
/** Of the families that have an account and a region, such as those of the API. */
export const OF_TARGET = `${OF_JOB}, account=~"$account", aws_region=~"$region"`;
/** Of the monitors that are listed. */
export const OF_MONITOR = `${OF_TARGET}, monitor=~"$monitor"`;
/** Of the families that have no label but the query's name. */
export const OF_QUERY = `${OF_JOB}, query=~"$query"`;
/** Of families with all labels that identify a query. */
export const OF_IDENTITY = `${OF_MONITOR}, query=~"$query"`;

/** The chosen queries, with all that is known of each. */
const CHOSEN_QUERIES = `aws_nfm_query_info{${OF_IDENTITY}}`;
/** A scheduled query has no id of its own: each of its runs has one. */
export const CHOSEN_SCHEDULED_QUERIES = `aws_nfm_query_info{query_id="", ${OF_IDENTITY}}`;
export const CHOSEN_WATCHED_QUERIES = `aws_nfm_query_info{query_id!="", ${OF_IDENTITY}}`;

/** Of series that carry a query's name, those of the chosen queries. */
export function ofChosen(expression: string, queries = CHOSEN_QUERIES): string {
  return `(${expression}) and on (job, instance, query) ${queries}`;
}

/** The same, with the labels of the target. */
export function whereAsked(expression: string, queries = CHOSEN_QUERIES): string {
  return `(${expression}) * on (job, instance, query) group_left (account, aws_region, monitor, scope_id) ${queries}`;
}

/** Of series with the same labels, those of the greatest `count` of others: for a further column of a table of these. */
export function amongTop(count: number, expression: string, others: string): string {
  return `${expression} and on (job, instance, query) topk(${count}, ${others})`;
}

/**
 * Firing alerts of the selected jobs, and alerts of this project without a job, which fire if no job exists.
 */
export const FIRING_ALERTS = `ALERTS{alertstate="firing", ${OF_JOB}} or ALERTS{alertstate="firing", alertname=~"Nfm.+", job=""}`;

/** Attempts, errors, and similar counters per second, over a range that fits the width of the panel. */
export function perSecondOf(counter: string, matchers: string): string {
  return `rate(${counter}{${matchers}}[$__rate_interval])`;
}

/**
 * Events of a counter in each interval between two points of a graph, so that a bar for each point counts every event once.
 *
 * The rate over `$__rate_interval`, which is one scrape longer than the interval, covers exactly the changes since the
 * point before. `increase` over it would count an event in several bars, and `increase` over `$__interval` would miss
 * what happens between two intervals.
 */
export function perInterval(counter: string, matchers: string): string {
  return `${perSecondOf(counter, matchers)} * $__interval_ms / 1000`;
}

/** A quantile of a histogram's observations. */
export function quantile(share: number, histogram: string, matchers: string, by: string): string {
  return `histogram_quantile(${share}, sum by (le, ${by}) (${perSecondOf(`${histogram}_bucket`, matchers)}))`;
}

/**
 * Of contributors, those of the chosen queries, less the mirror rows: a connection whose two ends both run an agent has one
 * of these, too, and would count twice.
 */
export const OF_FLOWS = `mirror="", ${OF_IDENTITY}`;
/** Of these, the chosen flows. */
export const OF_FLOW = `${OF_FLOWS}, local_subnet_id=~"$local_subnet", local_instance_id=~"$local_instance", remote_ip=~"$remote_ip"`;

/** Adds a label `remote_end`: an arrow and the known parts of the remote end, or empty if none is known. */
export function withRemoteEnd(expression: string): string {
  const joined = `label_join(${expression}, "remote_end", " ", "remote_az", "remote_ip", "target_port")`;
  return `label_replace(${joined}, "remote_end", "→ $1", "remote_end", " *([^ ].*?) *")`;
}

/** Sums over a run's window, made comparable: windows of different queries may have different lengths. */
export function perSecond(expression: string): string {
  return `${expression} / on (job, instance, query) group_left () aws_nfm_query_results_window_seconds{${OF_QUERY}}`;
}

/** The labels that identify the same data in two queries or two exporters. */
export const SUBJECT = ['account', 'aws_region', 'monitor', 'scope_id', 'destination_category'];

/**
 * Adds contributors up by some of their labels. Queries with the same definition for the same monitor or scope count once: the one
 * that saw most.
 */
export function sumOnce(expression: string, ...by: readonly string[]): string {
  const labels = [...new Set([...SUBJECT, ...by])].join(', ');
  return `sum by (${by.join(', ')}) (max by (${labels}) (sum by (job, instance, query, ${labels}) (${expression})))`;
}

/**
 * A series for each exporter: 1 if the last scrape succeeded, 0 if it failed, 2 if Prometheus has stopped scraping the
 * exporter in the last 15 minutes. Exporters are recognized by what they exported in the last day.
 */
export const EXPORTER_UP = (() => {
  const seen = (range: string) => `last_over_time(aws_nfm_exporter_build_info{${OF_JOB}}[${range}])`;
  return `max by (job, instance) (up{${OF_JOB}} and on (job, instance) ${seen('1d')}) or 2 * max by (job, instance) (${seen('15m')})`;
})();
