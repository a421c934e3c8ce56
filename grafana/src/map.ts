import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  EdgeOptionsBuilder,
  PanelBuilder as NodeGraph,
  NodeOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/nodegraph';
import { assemble, type Section } from './assembly.ts';
import { COLORS } from './colors.ts';
import { BYTES, type EdgeFamily, edges, ON_EDGE, offsetAt, RETRANSMISSIONS_PER_GB } from './edges.ts';
import { cell, drillDown } from './navigation.ts';
import { fixed, NO_DATA, timeSeries } from './panels.ts';
import { OF_MONITOR, OF_QUERY } from './promql.ts';
import { instant, type LabelColumn, table } from './table.ts';
import { DATA_SOURCE, mapVariables } from './variables.ts';

/** Who talks to whom, and what has changed. */
export function map(): Dashboard {
  return assemble('map', {
    description:
      'Which workloads, namespaces, or zones exchange traffic, and what has changed. Only flows in the results of queries are shown: a flow below the limit of its query is absent.',
    variables: mapVariables(),
    sections: [verdict(), graph(), movers(), overTime()],
  });
}

/** Each edge adds two nodes at most, and Grafana shows 1,500 of them. */
const EDGES = 700;
const ROWS = 10;
/** Retransmissions per GB from which an edge is conspicuous or bad. A GB has about 700,000 full segments. */
const CONSPICUOUS = 100;
const BAD = 1_000;

/** One row per monitor; several ones if data of several kinds is missing. */
function verdict(): Section {
  const panel = table(
    'Is it AWS or me?',
    'Where retransmissions of each monitor come from, and the rule that decided: docs/verdict.md. Needs the recording rules. Nothing unusual is shown only if the health indicator, results, and metrics of agents are present.',
    [
      { label: 'monitor', title: 'Monitor', link: TO_MONITOR },
      { label: 'verdict', title: 'Verdict' },
      { label: 'subject', title: 'Where' },
      { label: 'rule', title: 'Rule' },
      { label: 'account', title: 'Account' },
      { label: 'aws_region', title: 'Region' },
    ],
    [{ title: 'Present', expression: `monitor:aws_nfm_verdict:info{${OF_MONITOR}}` }],
    'No monitors, or the rules are not loaded',
  )
    .height(8)
    // In this order, the ones without data are the last.
    .sortBy([new TableSortByFieldStateBuilder().displayName('Verdict').desc(false)]);
  return {
    title: 'Verdict',
    panels: [
      panel.overrideByName('verdict', [
        { id: 'mappings', value: [{ type: MappingType.ValueToText, options: VERDICT_COLORS }] },
        { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } },
      ]),
    ],
  };
}

/** Verdicts with a cause are orange, AWS's own purple. Without data, there is no color that means good. */
const VERDICT_COLORS = Object.fromEntries(
  Object.entries({
    'AWS network': COLORS.purple,
    'instance allowance': COLORS.orange,
    'one zone pair': COLORS.orange,
    'one workload': COLORS.orange,
    'no single cause': COLORS.yellow,
    'unknown: no data': COLORS.grey,
    'nothing unusual': COLORS.green,
  }).map(([text, color], index) => [text, { text, color, index }]),
);
const TO_MONITOR = drillDown('Flows of this monitor', 'flows', { monitor: cell('monitor'), query: '$__all' });

function graph(): Section {
  return {
    title: 'Map',
    panels: [
      new NodeGraph()
        .title('Traffic')
        .description(
          `The ${EDGES} edges with the most traffic, from the local to the remote end. Colors are retransmissions per GB: blue below ${CONSPICUOUS}, orange from ${CONSPICUOUS}, red from ${BAD}, and gray if there are no results of the same window. Ends outside AWS have the name of their destination category.`,
        )
        .datasource(DATA_SOURCE)
        .targets([
          instant(`${withId(`topk(${EDGES}, ${BYTES} * ${ON_EDGE} group_left (color) ${colors()})`)} / 1e6`, 0),
          instant(withId(`${RETRANSMISSIONS_PER_GB} and ${ON_EDGE} topk(${EDGES}, ${BYTES})`), 1),
        ])
        .withTransformation({ id: 'merge', options: {} })
        .withTransformation({
          id: 'organize',
          options: {
            excludeByName: { Time: true },
            indexByName: { id: 0, source: 1, target: 2, 'Value #A': 3, 'Value #B': 4, color: 5 },
            renameByName: { 'Value #A': 'mainstat', 'Value #B': 'secondarystat' },
          },
        })
        .nodes(new NodeOptionsBuilder().mainStatUnit('MB/s').secondaryStatUnit('/GB'))
        .edges(new EdgeOptionsBuilder().mainStatUnit('MB/s').secondaryStatUnit('/GB'))
        .colorScheme(fixed(COLORS.sky))
        .noValue(NO_DATA)
        .span(24)
        .height(18),
    ],
  };
}

/**
 * A series with the value 1 for each edge, with the label `color`. Edges are counted by the limits that they reach, because an
 * expression for each color takes twice the time.
 */
function colors(): string {
  const reached = [CONSPICUOUS, BAD].map((limit) => `(${RETRANSMISSIONS_PER_GB} >= bool ${limit})`).join(' + ');
  const classes = `count_values by (source, target) ("color", 1 + ${reached} or ${ON_EDGE} 0 * ${BYTES})`;
  return [COLORS.grey, COLORS.sky, COLORS.orange, COLORS.vermillion].reduce(
    (labeled, color, index) => `label_replace(${labeled}, "color", "${color}", "color", "${index}")`,
    classes,
  );
}

function withId(expression: string): string {
  return `label_join(${expression}, "id", " → ", "source", "target")`;
}

const TO_FLOWS = drillDown('Flows of these monitors', 'flows', { query: '$__all' });
const PAIR: readonly LabelColumn[] = [{ label: 'id', title: 'From → to', link: TO_FLOWS }];

function movers(): Section {
  return {
    title: 'What has changed',
    panels: [
      changes('Data transferred', 'aws_nfm_contributor_data_transferred_bytes', 'Bps'),
      changes('Retransmissions', 'aws_nfm_contributor_retransmissions', 'suffix:/s'),
      table(
        'New',
        `The ${ROWS} pairs with the most traffic that were not in the results at the time of comparison, of queries that had results then. A pair that was below the limit of its query then is listed too.`,
        PAIR,
        [{ title: 'Now', unit: 'Bps', bar: true, expression: withId(`topk(${ROWS}, ${onlyAt('now')})`) }],
        'No new pairs',
      ).span(12),
      table(
        'Gone',
        `The ${ROWS} pairs with the most traffic at the time of comparison that are not in the results now. Queries whose results have reached their limit are left out: the flows could be below it.`,
        PAIR,
        [{ title: 'Then', unit: 'Bps', bar: true, expression: withId(`topk(${ROWS}, ${onlyAt('then')})`) }],
        'No pairs have gone, or all results have reached their limit',
      ).span(12),
    ],
  };
}

function changes(title: string, family: EdgeFamily, unit: string) {
  const [now, then] = [edges(family), edges(family, 'then')];
  const most = `topk(${ROWS}, abs(${now} - ${then}))`;
  return table(
    `${title}: movers`,
    `The ${ROWS} pairs with the largest change per second between now and the time of comparison, up or down.`,
    PAIR,
    [
      { title: 'Change', unit, bar: true, expression: withId(most) },
      { title: 'Now', unit, expression: withId(`${now} and ${ON_EDGE} ${most}`) },
      { title: 'Then', unit, expression: withId(`${then} and ${ON_EDGE} ${most}`) },
    ],
    'No pairs at both times',
  ).span(12);
}

/** Pairs that are in the results of one time only. */
function onlyAt(moment: 'now' | 'then'): string {
  const family = 'aws_nfm_contributor_data_transferred_bytes';
  const others = moment === 'now' ? 'then' : 'now';
  const comparable =
    moment === 'now'
      ? `aws_nfm_query_contributors{${OF_QUERY}}${offsetAt('then')}`
      : `(aws_nfm_query_results_truncated{${OF_QUERY}} == 0)`;
  return `${edges(family, moment, `and on (job, instance, query) ${comparable}`)} unless ${ON_EDGE} ${edges(family, others)}`;
}

function overTime(): Section {
  const ofMost = (expression: string) => withId(`topk(${ROWS}, ${expression})`);
  return {
    title: 'Over time',
    panels: [
      timeSeries('Data transferred', `The ${ROWS} pairs with the most traffic at each moment.`, [
        ofMost(BYTES),
        '{{id}}',
      ]).unit('Bps'),
      timeSeries(
        'Retransmissions per GB',
        `The ${ROWS} pairs with the most retransmissions per GB at each moment. A gap: no results of the same window.`,
        [ofMost(RETRANSMISSIONS_PER_GB), '{{id}}'],
      ),
    ],
  };
}
