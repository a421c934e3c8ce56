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
  return withOnlyNeeded(groups, alerts, expressions);
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
  const kept = groups.map((group) => ({ ...group, rules: group.rules.filter((rule) => needed.has(rule)) }));
  return kept.filter((group) => group.rules.length > 0);
}

/** Whether a selector may select series of a rule. */
function selects({ metric, matchers }: Selector, { record, labels = {} }: Rule): boolean {
  const isOfRule = record === undefined ? /^(ALERTS|ALERTS_FOR_STATE|)$/.test(metric) : [record, ''].includes(metric);
  const isOther = matchers.some(
    ({ label, operator, value }) => operator === '=' && label in labels && labels[label] !== value,
  );
  return isOfRule && !isOther;
}
