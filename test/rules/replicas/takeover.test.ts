import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROJECT, run } from '../../support/project.ts';
import { inOrder, nameOf, withOnlyNeeded, withSeries } from '../needed-rules.ts';
import { ALERTS, RULE_GROUPS } from '../rule-files.ts';
import { type RuleGroup, rulesForReplicas } from './replica-rules.ts';
import { OF_MEMBERS, type RuleTest, seconds, withTakeover } from './takeover.ts';

interface TestFile {
  readonly rule_files: readonly string[];
  readonly evaluation_interval: string;
  readonly tests: readonly RuleTest[];
}

const directory = mkdtempSync(join(tmpdir(), 'replica-rules-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Alerts over hours or days, which promtool evaluates for minutes. `TAKEOVERS=all` includes them. */
const OVER_DAYS =
  process.env['TAKEOVERS'] === 'all'
    ? /^$/
    : /Unusual$|Burn$|^Nfm(WatchedQueryFailed|RunsSkipped|WrongAccount|InventoryStale)$/;
const NAMES = readdirSync(`${PROJECT}test/rules`)
  .filter((file) => /^Nfm.*\.yml$/.test(file))
  .map((file) => basename(file, '.yml'))
  .filter((name) => !OF_MEMBERS.has(name) && !OVER_DAYS.test(name));

describe('a takeover in the middle of the time that an alert waits', () => {
  it.each(NAMES)('neither ends nor delays %s', (alert) => {
    const { rule_files, evaluation_interval, tests }: TestFile = parse(
      readFileSync(`${PROJECT}test/rules/${alert}.yml`, 'utf8'),
    );
    const files = rule_files.map((file) => basename(file));
    const used = RULE_GROUPS.filter(({ file }) => files.includes(file));
    const thresholds = used.filter(({ file }) => file === 'thresholds.yml');
    const converted = rulesForReplicas(used.filter((group) => !thresholds.includes(group)));
    const rules = join(directory, `${alert}-rules.yml`);
    const test = join(directory, `${alert}.yml`);
    const taken = tests.flatMap((one) => stepsIn(one, alert).map((step) => withTakeover(one, step)));
    expect(taken.length).toBeGreaterThan(0);
    const names = taken.flatMap(({ input_series }) => input_series.map(({ series }) => nameOf(series)));
    const needed = withOnlyNeeded([...thresholds, ...converted], [alert]);
    const groups = withSeries(needed, new Set(names)).map(withoutDescriptions);
    writeFileSync(rules, JSON.stringify({ groups }));
    writeFileSync(test, JSON.stringify({ rule_files: [rules], evaluation_interval, ...inOrder(groups), tests: taken }));
    const { status, stdout, stderr } = run('promtool', ['test', 'rules', test]);
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

/** The values in descriptions differ a little after a takeover. */
function withoutDescriptions({ name, rules }: RuleGroup): RuleGroup {
  return {
    name,
    rules: rules.map(({ annotations: { description: _, ...annotations } = {}, ...rule }) =>
      rule.record === undefined ? { ...rule, annotations } : rule,
    ),
  };
}

/** Steps of a takeover: half of the alert's `for` before the first time at which it must fire. */
function stepsIn({ interval, alert_rule_test = [] }: RuleTest, alert: string): readonly number[] {
  const first = alert_rule_test.find(({ exp_alerts }) => exp_alerts.length > 0);
  if (first === undefined) {
    return [];
  }
  const pending = ALERTS.filter((one) => one.alert === alert).map((one) => seconds(one.for ?? '0s'));
  const step = Math.round((seconds(first.eval_time) - Math.min(...pending) / 2) / seconds(interval));
  return [step];
}
