/** The pictures of the documentation: panels of a dashboard by title, in reading order. */
export interface Picture {
  /** docs/images/dashboard-….png */
  readonly name: string;
  /** The dashboard's uid. */
  readonly dashboard: string;
  readonly panels: readonly string[];
}

/** The first two rows of Fleet. */
export const TOP_OF_FLEET = [
  'Exporters',
  'Queries',
  'Bad last runs',
  'Watched, FAILED',
  'Requests fail',
  'Unfinished > 1 h',
  'Monitors not ACTIVE',
  'API down',
];

export const PICTURES: readonly Picture[] = [
  {
    name: 'fleet',
    dashboard: 'nfm-fleet',
    panels: [
      ...TOP_OF_FLEET,
      'Status of watched queries',
      'Last outcome of scheduled queries',
      'Queries by status',
      'Runs by outcome',
      'Why requests fail',
    ],
  },
  {
    name: 'service-level',
    dashboard: 'nfm-fleet',
    panels: ['Failed windows and polls, 1h', 'Failed windows and polls, 3d'],
  },
  {
    name: 'flows',
    dashboard: 'nfm-flows',
    panels: ['Round-trip time: worst flows', 'Retransmissions: worst flows', 'Retransmissions: flows by badness'],
  },
  {
    name: 'zones',
    dashboard: 'nfm-flows',
    panels: [
      'Round-trip time by zones',
      'Retransmissions by zones',
      'Timeouts by zones',
      'Data transferred by zones',
      'Retransmissions by workload',
      'Data transferred by workload',
    ],
  },
  {
    name: 'map',
    dashboard: 'nfm-map',
    panels: ['Traffic'],
  },
  {
    name: 'verdict',
    dashboard: 'nfm-map',
    panels: ['Is it AWS or me?', 'Data transferred: movers', 'Retransmissions: movers'],
  },
  {
    name: 'cost',
    dashboard: 'nfm-cost',
    panels: [
      'Cost per month',
      'Cost in range',
      'Truncated',
      'Lowest coverage',
      'Limits of the estimate',
      'Cost by monitor',
      'Cost by workloads',
      'Cost by zones',
    ],
  },
  {
    name: 'exporter',
    dashboard: 'nfm-exporter',
    panels: ['Requests', 'Errors', 'Request budget', 'Runs under way', 'API up', 'Discovery files'],
  },
];
