import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { OF_JOB, OF_MONITOR, OF_TARGET } from './promql.ts';

/** The Prometheus that the viewer has chosen. */
export const DATA_SOURCE = { type: 'prometheus', uid: `\${datasource}` } as const;

/** What matches everything, series without the label as well, and stays short however many values there are. */
const ANYTHING = '.*';

/** The choices that all dashboards have, each narrowed by those before it. All is the default. */
export function commonVariables(): (DatasourceVariableBuilder | QueryVariableBuilder)[] {
  return [
    new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    // Each job by its name, and not anything: metrics of the process have the same names in programs of others.
    choice('job', 'Job', 'aws_nfm_exporter_build_info', 'job').allowCustomValue(false),
    choice('account', 'Account', `aws_nfm_api_budget_requests_per_second{${OF_JOB}}`, 'account').allValue(ANYTHING),
    choice(
      'region',
      'Region',
      `aws_nfm_api_budget_requests_per_second{${OF_JOB}, account=~"$account"}`,
      'aws_region',
    ).allValue(ANYTHING),
    // Those that are listed, and those that only queries name.
    choice(
      'monitor',
      'Monitor',
      `{__name__=~"aws_nfm_monitor_status|aws_nfm_query_info", ${OF_TARGET}}`,
      'monitor',
    ).allValue(ANYTHING),
    choice('query', 'Query', `aws_nfm_query_info{${OF_MONITOR}}`, 'query').allValue(ANYTHING),
  ];
}

/** The choices that lead to a single flow. */
export function flowVariables(): QueryVariableBuilder[] {
  const series = `{__name__=~"aws_nfm_contributor_.+", ${OF_MONITOR}, query=~"$query"}`;
  return [
    choice('local_subnet', 'Local subnet', series, 'local_subnet_id').allValue(ANYTHING),
    choice('local_instance', 'Local instance', series, 'local_instance_id').allValue(ANYTHING),
    choice('remote_ip', 'Remote IP', series, 'remote_ip').allValue(ANYTHING),
  ];
}

/** The value of the variable for the time before now with which the map is compared. */
export const COMPARE = '$compare';

/** The choices of the map. */
export function mapVariables(): CustomVariableBuilder[] {
  return [
    // Each value is the replacement for `label_replace` that makes the name of an end: $1 is its zone, $2 its namespace, $3 its service.
    oneOf('level', 'Level', { Workload: '$2/$3', Namespace: '$2', Zone: '$1' }),
    oneOf('compare', 'Compare with', {
      '1 hour ago': '1h',
      '6 hours ago': '6h',
      '1 day ago': '1d',
      '7 days ago': '7d',
    }),
  ];
}

/** A choice of one value by its name; the first one is the default. */
function oneOf(name: string, label: string, values: Readonly<Record<string, string>>): CustomVariableBuilder {
  const options = Object.entries(values).map(([text, value], index) => ({ selected: index === 0, text, value }));
  const [first] = options;
  const variable = new CustomVariableBuilder(name)
    .label(label)
    .values(options.map(({ text, value }) => `${text} : ${value}`).join(','))
    .options(options)
    .multi(false)
    .includeAll(false);
  return first === undefined ? variable : variable.current(first);
}

function choice(name: string, label: string, series: string, valuesOf: string): QueryVariableBuilder {
  const query = `label_values(${series}, ${valuesOf})`;
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query({ qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}
