import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { parser } from '@prometheus-io/lezer-promql';

/** Recorded by config/rules-replicas.yml for each job with recorded gauges. Absent with config/rules. */
const RECORDED_JOB = 'on (job) aws_nfm:recorded_job';
/** Labels of one member of a group of replicas. */
const OF_MEMBER = 'instance, pod';

/** Families of one process: a takeover does not move them to another member. Only the leader knows all registered queries. */
const OF_PROCESS = /^aws_nfm_(exporter_(?!registered_queries)|replica_)/;
const COUNTER = /_(total|bucket|count|sum)$/;
const RANGE_OF_COUNTER = /^(rate|increase)\(/;

/** Returns the dashboard with expressions that also work for replicas. */
export function withReplicas(dashboard: Dashboard): Dashboard {
  for (const panel of dashboard.panels ?? []) {
    for (const target of 'targets' in panel ? (panel.targets ?? []) : []) {
      if ('expr' in target && typeof target.expr === 'string') {
        target.expr = forReplicas(target.expr);
      }
    }
  }
  return dashboard;
}

/**
 * Returns an expression that gives the same for exporters without replicas, and one series per object for replicas. Of jobs whose
 * series are recorded without `instance` and `pod`, it uses `replicas:NAME` for gauges, and the sum over all members for the rate or
 * increase of counters. Of other jobs, it uses the exported series.
 */
export function forReplicas(expression: string): string {
  const edits: Edit[] = [];
  parser.parse(withoutVariables(expression)).iterate({
    enter: (node) => {
      const { from, to, name, node: syntax } = node;
      if (node.type.isError) {
        throw new Error(`not PromQL from character ${from} on: ${expression}`);
      }
      if (name !== 'VectorSelector') {
        return;
      }
      const selector = expression.slice(from, to);
      const series = FAMILY.exec(selector)?.[0];
      if (series === undefined || OF_PROCESS.test(series)) {
        return;
      }
      const call = rangeFunction(syntax);
      const offset = call === undefined ? (OFFSET.exec(expression.slice(to))?.[0] ?? '') : '';
      const span = call ?? { from, to: to + offset.length };
      const text = expression.slice(span.from, span.to);
      if (!COUNTER.test(series)) {
        edits.push({ span, text: gauge(text, from - span.from + selector.indexOf(series), offset) });
      } else if (RANGE_OF_COUNTER.test(text) && !isSummed(expression, call)) {
        edits.push({ span, text: counter(text) });
      }
    },
  });
  // From the end on, so that offsets remain valid.
  return edits.reduceRight((result, edit) => applied(result, edit), expression);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Text in place of a part of an expression. */
interface Edit {
  readonly span: Span;
  readonly text: string;
}

/** The name of a family, or the start of the pattern of several ones. Names of recorded series have a colon. */
const FAMILY = /(?<![\w:])aws_nfm_\w+(?![\w:])/;

/** The same expression with numbers and durations of the same length in place of Grafana's variables. */
function withoutVariables(expression: string): string {
  return expression.replace(/\$[a-z_]\w*/gi, (variable) =>
    variable.endsWith('_ms') ? '1'.padStart(variable.length, '0') : '1m'.padStart(variable.length, '0'),
  );
}

/** An offset after a selector. The grammar reads it as one of a whole binary expression in some cases. */
const OFFSET = /^ offset [^\s,)]+/;

type Syntax = ReturnType<typeof parser.parse>['topNode'];

/** The call of a function with the selector's range. */
function rangeFunction(selector: Syntax): Syntax | undefined {
  let node = selector.parent?.name === 'MatrixSelector' ? selector.parent : null;
  while (node !== null && node.name !== 'FunctionCall') {
    node = node.parent;
  }
  return node ?? undefined;
}

function gauge(exported: string, at: number, offset: string): string {
  const recorded = `${exported.slice(0, at)}replicas:${exported.slice(at)}`;
  return `${recorded} or (${exported} unless ${RECORDED_JOB}${offset})`;
}

function counter(call: string): string {
  return `sum without (${OF_MEMBER}) (${call} and ${RECORDED_JOB}) or (${call} unless ${RECORDED_JOB})`;
}

/** Whether the value is added up anyway, without the labels of the member. */
function isSummed(expression: string, call: Syntax | undefined): boolean {
  const aggregation = call?.parent?.name === 'FunctionCallBody' ? call.parent.parent : null;
  return (
    aggregation?.name === 'AggregateExpr' &&
    /^sum by \((?![^)]*\binstance\b)/.test(expression.slice(aggregation.from, aggregation.to))
  );
}

/** In parentheses, unless it is the whole expression or argument. */
function applied(expression: string, { span, text }: Edit): string {
  const [before, after] = [expression.slice(0, span.from), expression.slice(span.to)];
  const isWhole = /(^|[(,] ?)$/.test(before) && /^( ?[),]|$)/.test(after);
  return `${before}${isWhole ? text : `(${text})`}${after}`;
}
