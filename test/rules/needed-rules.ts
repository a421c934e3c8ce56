import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';
import { namesIn, type Selector } from '../support/promql.ts';
import type { Rule } from './rule-files.ts';

interface Group {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** The used members of a file of unit tests for rules. */
export interface RuleTests {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly {
    readonly interval: string;
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test?: readonly { readonly alertname: string }[];
    readonly promql_expr_test?: readonly { readonly expr: string }[];
  }[];
}

/** Members of a unit test with which promtool evaluates groups in their order. Otherwise, it evaluates them in a random order. */
export function inOrder(groups: readonly Group[]): { readonly group_eval_order: readonly string[] } {
  return { group_eval_order: groups.map(({ name }) => name) };
}

/** Returns the groups in the rule files of a unit test, with only the rules that its expectations need. */
export function neededBy({ rule_files, tests }: RuleTests): readonly Group[] {
  const groups = rule_files.flatMap((path): readonly Group[] => {
    return parse(readFileSync(join(PROJECT, 'test/rules', path), 'utf8')).groups;
  });
  const alerts = tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test.map(({ alertname }) => alertname));
  const expressions = tests.flatMap(({ promql_expr_test = [] }) => promql_expr_test.map(({ expr }) => expr));
  const names = tests.flatMap(({ input_series }) => input_series.map(({ series }) => nameOf(series)));
  return withSeries(withOnlyNeeded(groups, alerts, expressions), new Set(names));
}

/** The name of a series in the text format. */
export function nameOf(series: string): string {
  return series.split('{')[0] ?? '';
}

/**
 * Keeps these alerts, and all rules whose series they or `expressions` select, directly or not. promtool evaluates each rule of a
 * file at each step, so that the others take most of its time.
 */
export function withOnlyNeeded(
  groups: readonly Group[],
  alerts: readonly string[],
  expressions: readonly string[] = [],
): readonly Group[] {
  const rules = groups.flatMap((group) => group.rules);
  const needed = new Set(rules.filter(({ alert }) => alert !== undefined && alerts.includes(alert)));
  const open = [...expressions, ...[...needed].map(({ expr }) => expr)];
  for (let expression = open.pop(); expression !== undefined; expression = open.pop()) {
    const { selectors } = namesIn(expression);
    for (const rule of rules.filter((one) => !needed.has(one) && selectors.some((each) => selects(each, one)))) {
      needed.add(rule);
      open.push(rule.expr);
    }
  }
  return only(groups, needed);
}

/** Functions that have a result without series. */
const WITHOUT_SERIES = /\b(?:absent|absent_over_time|vector|time)\b *\(/;

/** Removes rules that cannot have a result, because neither series of these names nor those of other rules are in their expressions. */
export function withSeries(groups: readonly Group[], names: ReadonlySet<string>): readonly Group[] {
  const rules = groups.flatMap((group) => group.rules);
  const known = new Set([...names, '', 'ALERTS', 'ALERTS_FOR_STATE']);
  const kept = new Set<Rule>();
  for (let count = -1; count < kept.size; ) {
    count = kept.size;
    for (const rule of rules) {
      if (WITHOUT_SERIES.test(rule.expr) || namesIn(rule.expr).selectors.some(({ metric }) => known.has(metric))) {
        kept.add(rule);
        known.add(rule.record ?? '');
      }
    }
  }
  return only(groups, kept);
}

function only(groups: readonly Group[], kept: ReadonlySet<Rule>): readonly Group[] {
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => kept.has(rule)) }))
    .filter(({ rules }) => rules.length > 0);
}

/** Whether a selector may select series of a rule. */
function selects({ metric, matchers }: Selector, { record, labels = {} }: Rule): boolean {
  const isOfRule = record === undefined ? /^(ALERTS|ALERTS_FOR_STATE|)$/.test(metric) : [record, ''].includes(metric);
  const isOther = matchers.some(
    ({ label, operator, value }) => operator === '=' && label in labels && labels[label] !== value,
  );
  return isOfRule && !isOther;
}
