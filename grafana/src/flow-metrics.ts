import { OF_FLOW, perSecond, sumOnce } from './promql.ts';

/** One of the four things that the service measures, and how dashboards show it. */
export interface FlowMetric {
  readonly title: string;
  /** Grafana's id of the unit of `value`. */
  readonly unit: string;
  /** What the value is of, in words. */
  readonly what: string;
  /** Whether values of flows can be added. Otherwise, the highest value represents all. */
  readonly sums: boolean;
  /**
   * The value of each selected flow; per second if it is a sum over the window of the run.
   *
   * @param matchers further ones, such as `local_az!=""`.
   */
  value(matchers?: string): string;
  /** One value for the flows that have the same of these labels. */
  together(expression: string, ...by: readonly string[]): string;
}

/** One whose values are sums over a window: so there are totals and counters, too. */
export interface PerSecondMetric extends FlowMetric {
  readonly counter: string;
  readonly datapoint: string;
  readonly totalUnit: string;
  /** What is counted, as the beginning of a sentence. */
  readonly rowsWhat: string;
}

const ROUND_TRIP_TIME: FlowMetric = {
  title: 'Round-trip time',
  unit: 's',
  what: 'the average over the window of the run',
  sums: false,
  value: (matchers) => chosenFlows('aws_nfm_contributor_round_trip_time_seconds', matchers),
  together: (expression, ...by) => `max by (${by.join(', ')}) (${expression})`,
};

export const PER_SECOND_METRICS: readonly PerSecondMetric[] = [
  perSecondMetric({
    title: 'Retransmissions',
    unit: 'suffix:/s',
    what: 'TCP segments sent again, a second',
    rowsWhat: 'TCP segments sent again',
    totalUnit: 'short',
    family: 'retransmissions',
  }),
  perSecondMetric({
    title: 'Timeouts',
    unit: 'suffix:/s',
    what: 'TCP retransmission timeouts, a second',
    rowsWhat: 'TCP retransmission timeouts',
    totalUnit: 'short',
    family: 'timeouts',
  }),
  perSecondMetric({
    title: 'Data transferred',
    unit: 'Bps',
    what: 'bytes sent and received, a second',
    rowsWhat: 'Bytes sent and received',
    totalUnit: 'decbytes',
    family: 'data_transferred_bytes',
  }),
];

export const FLOW_METRICS: readonly FlowMetric[] = [ROUND_TRIP_TIME, ...PER_SECOND_METRICS];

interface Texts extends Pick<PerSecondMetric, 'title' | 'unit' | 'what' | 'rowsWhat' | 'totalUnit'> {
  /** What the names of its families have in common. */
  readonly family: string;
}

function perSecondMetric({ family, ...texts }: Texts): PerSecondMetric {
  return {
    ...texts,
    sums: true,
    counter: `aws_nfm_query_${family}_total`,
    datapoint: `aws_nfm_datapoint_${family}`,
    value: (matchers) => perSecond(chosenFlows(`aws_nfm_contributor_${family}`, matchers)),
    together: sumOnce,
  };
}

function chosenFlows(family: string, matchers?: string): string {
  return `${family}{${[OF_FLOW, ...(matchers === undefined ? [] : [matchers])].join(', ')}}`;
}
