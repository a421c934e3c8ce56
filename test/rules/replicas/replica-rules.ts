import { parser } from '@prometheus-io/lezer-promql';
import { FAMILIES, type Family } from '../../../src/metrics/families.ts';
import { namesIn } from '../../support/promql.ts';
import type { Rule } from '../rule-files.ts';

/** A group of rules, as in a rules file. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** What a series is for the rules of replicas. `member`: of one process, also if it does not lead. */
type Kind = 'gauge' | 'counter' | 'member' | 'recorded';

/** Series of Prometheus itself and of the process. */
const MEMBER_SERIES = /^(up|process_\w+|scrape_\w+)$/;
/** Families of the group `exporter` that are taken from the leader. */
const OF_LEADER = new Set([
  'aws_nfm_exporter_poll_lag_seconds',
  'aws_nfm_exporter_registered_queries',
  'aws_nfm_price_dollars_per_byte',
  'aws_nfm_selector_matches',
]);
/** Name of the recorded gauge of a group of replicas. */
const RECORDED = 'replicas';

const FAMILY = new Map(FAMILIES.map((family) => [family.name, family]));

/** An edit of an expression: text to put at an offset, in place of `length` characters. */
interface Edit {
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

/**
 * Returns rules for exporters that run as replicas, made from the rules for single exporters. Series of the leader lose the labels
 * `instance` and `pod`, so that a takeover neither ends a series nor renews an alert:
 *
 * - gauges are recorded as `replicas:NAME`, from the member with the highest epoch;
 * - the increase of a counter is summed over all members, since each counts what it did;
 * - what one process reports of itself keeps its `instance`.
 *
 * @param shown names of further gauges to record, which dashboards show
 */
export function rulesForReplicas(groups: readonly RuleGroup[], shown: readonly string[] = []): readonly RuleGroup[] {
  const conversion = new Conversion(
    groups.flatMap(({ rules }) => rules),
    shown,
  );
  const converted = groups.map(({ name, rules }) => ({
    name: `${name}_replicas`,
    rules: rules.map((rule) => conversion.convert(rule)),
  }));
  return [{ name: 'aws_nfm_replicas', rules: conversion.recorded() }, ...converted];
}

class Conversion {
  /** Recorded series of the leader. */
  readonly #recordedOfLeader = new Set<string>();
  /** Recorded series that are sums of counters: their `instance` is removed with their increase. */
  readonly #recordedCounters: ReadonlySet<string>;
  readonly #used: Set<string>;

  constructor(rules: readonly Rule[], shown: readonly string[]) {
    this.#used = new Set(shown);
    this.#recordedCounters = new Set(
      rules.flatMap(({ record, expr }) => (record !== undefined && isSumOfCounter(expr) ? [record] : [])),
    );
    // Rules may use records of later groups: repeat until nothing is added.
    for (let size = -1; size < this.#recordedOfLeader.size; ) {
      size = this.#recordedOfLeader.size;
      for (const { record, expr } of rules) {
        if (record !== undefined && this.#isOfLeader(expr)) {
          this.#recordedOfLeader.add(record);
        }
      }
    }
  }

  convert(rule: Rule): Rule {
    const { record, expr, annotations } = rule;
    if (!this.#isOfLeader(expr) || (record !== undefined && this.#recordedCounters.has(record))) {
      return rule;
    }
    const converted = { ...rule, expr: this.#expression(expr) };
    return annotations === undefined ? converted : { ...converted, annotations: this.#annotations(annotations) };
  }

  /** The rules that record what the converted ones select. */
  recorded(): readonly Rule[] {
    return [
      { record: 'aws_nfm:recorded_job', expr: RECORDED_JOB },
      { record: 'aws_nfm:member_epoch', expr: MEMBER_EPOCH },
      { record: 'aws_nfm:led_member', expr: LED },
      { record: 'aws_nfm:outdated_member', expr: OUTDATED },
      ...[...this.#used].sort().map((name) => ({ record: `${RECORDED}:${name}`, expr: newest(name) })),
    ];
  }

  #isOfLeader(expr: string): boolean {
    return namesIn(expr).selectors.some(
      ({ metric }) => this.#recordedOfLeader.has(metric) || ['gauge', 'counter'].includes(this.#kindOf(metric)),
    );
  }

  #kindOf(name: string): Kind {
    if (MEMBER_SERIES.test(name)) {
      return 'member';
    }
    if (this.#recordedCounters.has(name)) {
      return 'counter';
    }
    return kindOfFamily(FAMILY.get(name));
  }

  #expression(expression: string): string {
    const edits: Edit[] = [];
    parser.parse(expression).iterate({
      enter: (node) => {
        const text = expression.slice(node.from, node.to);
        const parent = node.node.parent;
        if (parent?.name === 'VectorSelector' && node.name === 'Identifier') {
          edits.push(...this.#prefix(text, node.from));
        } else if (node.name === 'FunctionCall' && EXPORTER_DOWN.test(text)) {
          edits.push({ at: node.from, length: text.length, text: allDown(text) });
        } else if (node.name === 'FunctionCall' && this.#isOverCounter(text)) {
          edits.push({ at: node.from, length: 0, text: 'sum without (instance, pod) (' });
          edits.push({ at: node.to, length: 0, text: ')' });
        } else if (node.name === 'GroupingLabels') {
          edits.push({
            at: node.from,
            length: text.length,
            text: text.replace(/\binstance\b(, )?/, '').replace(', )', ')'),
          });
        }
      },
    });
    return apply(expression, edits);
  }

  #prefix(name: string, at: number): readonly Edit[] {
    if (name === 'up') {
      // 1 if any member is scraped.
      return [{ at, length: name.length, text: '(max without (instance, pod) (up))' }];
    }
    if (this.#kindOf(name) !== 'gauge') {
      return [];
    }
    this.#used.add(name);
    return [{ at, length: 0, text: `${RECORDED}:` }];
  }

  /** Whether a call of a function is one of increase and rate over a counter. */
  #isOverCounter(call: string): boolean {
    return (
      /^(increase|rate)\(/.test(call) &&
      namesIn(call).selectors.some(({ metric }) => this.#kindOf(metric) === 'counter')
    );
  }

  /** Templates name the job in place of an instance, and select recorded gauges. */
  #annotations(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const convert = (text: string) =>
      text
        .replace(/printf `[^`]*`[^}]*/g, (printf) =>
          printf.replace('instance=%q, ', '').replace('$labels.instance ', ''),
        )
        .replace(/`(aws_nfm_\w+)/g, (_, name: string) => {
          this.#used.add(name);
          return `\`${RECORDED}:${name}`;
        })
        .replaceAll('{{ $labels.instance }}', '{{ $labels.job }}');
    return Object.fromEntries(Object.entries(annotations).map(([key, text]) => [key, convert(text)]));
  }
}

/** Firing alerts on an exporter without metrics. */
const EXPORTER_DOWN = /^last_over_time\(ALERTS\{.*?(alertname=~"NfmExporterDown\|NfmExporterMissing")/;

/** The same for a job with replicas: one of them may be down while another one leads. */
function allDown(call: string): string {
  const withoutLeader = call.replace(/alertname=~"[^"]*"/, 'alertname="NfmReplicasWithoutLeader"');
  return `(${call} unless on (job) aws_nfm:member_epoch or ${withoutLeader})`;
}

/** Jobs whose gauges are recorded: dashboards then use the recorded ones. */
const RECORDED_JOB = 'group by (job) (last_over_time(aws_nfm_exporter_build_info[10m]))';

/** The last epoch of each member, with its group: the shards of one job have a group each. */
const MEMBER_EPOCH = `  max by (job, instance) (last_over_time(aws_nfm_replica_epoch[10m]))
* on (job, instance) group_left (group)
  max by (job, instance, group) (last_over_time(aws_nfm_replica_member_info[10m]))
`;

/** Members of the groups that have a leader now. */
const LED = `  aws_nfm:member_epoch
and on (job, group)
  (aws_nfm:member_epoch and on (job, instance) aws_nfm_replica_leader == 1)
`;

/** Members with an epoch below the highest of their group: a leader that was replaced and continues to export. */
const OUTDATED = `  aws_nfm:member_epoch
< on (job, group) group_left ()
  max by (job, group) (aws_nfm:member_epoch)
`;

/**
 * The gauge of the leader. While no member leads, that of the last leader, for 5 minutes: a takeover takes less. Not while one
 * leads, because a series whose labels have changed would then exist twice.
 */
function newest(name: string): string {
  const leader = `max without (instance, pod) (
  (
      ${name}
    or
      (last_over_time(${name}[5m]) unless on (job, instance) aws_nfm:led_member)
  )
  unless on (job, instance) aws_nfm:outdated_member
)
`;
  return name === COMPLETE ? leader : `${leader}or\n${replaced(name)}`;
}

/** The family that a new leader exports completely from the start: a query without it is removed. */
const COMPLETE = 'aws_nfm_query_info';

/**
 * Families whose labels may differ after a takeover. If the successor has a series of the given family with the same of these
 * labels, it has replaced all of them.
 */
const REPLACED_TOGETHER: readonly (readonly [family: RegExp, labels: string, by: string])[] = [
  [/^aws_nfm_query_last_error$/, 'job, query', 'aws_nfm_query_up'],
  [/^aws_nfm_account_info$/, 'job, account, aws_region', 'aws_nfm_account_info'],
  // Rows of results.
  [/^aws_nfm_(contributor|datapoint)_/, 'job, query', 'aws_nfm_query_contributors'],
];

/** The gauge of a replaced leader, for what its successor does not have yet: it polls each query, and reads results again. */
function replaced(name: string): string {
  const last = `last_over_time(${name}[5m]) and on (job, instance) aws_nfm:outdated_member`;
  const [, labels, by] = REPLACED_TOGETHER.find(([family]) => family.test(name)) ?? [];
  return labels === undefined
    ? `max without (instance, pod) (${last})
`
    : `max without (instance, pod) (
  ${last}
  unless on (${labels}) (${by} unless on (job, instance) aws_nfm:outdated_member)
)
`;
}

function kindOfFamily(family: Family | undefined): Kind {
  if (family === undefined) {
    return 'recorded';
  }
  const { name, type, group } = family;
  if ((group === 'exporter' || group === 'process') && !OF_LEADER.has(name)) {
    return 'member';
  }
  return type === 'gauge' ? 'gauge' : 'counter';
}

/** Whether an expression is the sum of counters, and thus a counter, as long as each process has one of its own. */
function isSumOfCounter(expression: string): boolean {
  const [selector, ...others] = namesIn(expression).selectors;
  return (
    /^sum by \([^)]*\b(instance)\b[^)]*\) \(\w+(\{[^}]*\})?\)$/.test(expression.trim()) &&
    others.length === 0 &&
    kindOfFamily(FAMILY.get(selector?.metric ?? '')) === 'counter'
  );
}

function apply(text: string, edits: readonly Edit[]): string {
  let result = text;
  // From the end on, so that offsets remain valid.
  for (const { at, length, text: replacement } of [...edits].sort((a, b) => b.at - a.at)) {
    result = result.slice(0, at) + replacement + result.slice(at + length);
  }
  return result;
}
