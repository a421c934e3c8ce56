import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { API_ERRORS } from '../../src/aws/errors.ts';
import { LIST_OPERATIONS } from '../../src/aws/operations.ts';
import { FAMILIES } from '../../src/metrics/families.ts';
import { RUN_OUTCOMES } from '../../src/model/run.ts';
import { METRIC_NAMES, MONITOR_STATUSES, QUERY_STATUSES, SCOPE_STATUSES } from '../../src/model/vocabulary.ts';
import { PROJECT, run } from '../support/project.ts';
import { namesIn } from '../support/promql.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { inOrder, neededBy, type RuleTests } from './needed-rules.ts';
import { ALERTS, RECORDS, RULE_FILES, type Rule, THRESHOLDS } from './rule-files.ts';

/** The address of the repository. */
const { homepage } = JSON.parse(readFileSync(`${PROJECT}package.json`, 'utf8'));
const TESTS = readdirSync(`${PROJECT}test/rules`).filter((file) => file.endsWith('.yml'));

/** Series that are neither a family of ours nor recorded: what users list, of Prometheus itself, and of the process. */
const FOREIGN: Readonly<Record<string, readonly string[]>> = {
  'aws_nfm:expected_account': ['account', 'aws_account_id'],
  ALERTS: ['alertname', 'alertstate', 'severity'],
  up: [],
  bw_in_allowance_exceeded: ['instance_id', 'eni'],
  bw_out_allowance_exceeded: ['instance_id', 'eni'],
  pps_allowance_exceeded: ['instance_id', 'eni'],
  conntrack_allowance_exceeded: ['instance_id', 'eni'],
  linklocal_allowance_exceeded: ['instance_id', 'eni'],
  scrape_duration_seconds: [],
  process_start_time_seconds: [],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
};
/** Labels that Prometheus gives to all that it scrapes. */
const TARGET_LABELS = ['job', 'instance'];
const FAMILY_LABELS = new Map(
  FAMILIES.map(({ name, type, labels }) =>
    type === 'histogram' ? [`${name}_bucket`, [...labels, 'le']] : [name, labels],
  ),
);
const RECORDED = new Set(RECORDS.map(({ record = '' }) => record));
/** What the labels of closed lists may be. */
const LABEL_VALUES: Readonly<Record<string, readonly string[]>> = {
  error: API_ERRORS,
  outcome: RUN_OUTCOMES,
  status: [...QUERY_STATUSES, ...MONITOR_STATUSES, ...SCOPE_STATUSES],
  operation: Object.values(LIST_OPERATIONS).map(({ name }) => name),
  metric_name: METRIC_NAMES,
};

const RULES: readonly Rule[] = [...ALERTS, ...RECORDS];

/** As far as it is read here. */
interface TestFile {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

describe('the rules', () => {
  it('are valid in Prometheus, without duplicates', () => {
    const files = RULE_FILES.map((file) => `config/rules/${file}`);
    expect(run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', ...files])).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it.each(TESTS)('do what test/rules/%s says', (file) => {
    const { tests, ...rest }: RuleTests = parse(readFileSync(`${PROJECT}test/rules/${file}`, 'utf8'));
    const folder = temporaryFolder();
    // promtool evaluates all rules of a file at each step of each test: a file for each test, with only its rules.
    const files = tests.map((test, index) => {
      const groups = neededBy({ ...rest, tests: [test] });
      writeFileSync(join(folder, `rules-${index}.yml`), JSON.stringify({ groups }));
      const ofTest = {
        ...rest,
        // Evaluations between two values of the series would take most of the time of tests over hours or days.
        evaluation_interval: test.interval === '1m' ? rest.evaluation_interval : test.interval,
        ...inOrder(groups),
        rule_files: [`rules-${index}.yml`],
        tests: [test],
      };
      writeFileSync(join(folder, `${index}-${file}`), JSON.stringify(ofTest));
      return `${index}-${file}`;
    });
    const { status, stdout, stderr } = run('promtool', ['test', 'rules', ...files], { cwd: folder });
    expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  it('name only existing series', () => {
    expect(RULES.length).toBeGreaterThan(50);
    expect(RULES.flatMap(({ expr }) => unknownSeries(expr))).toEqual([]);
  });

  it('name labels that these have, with values that these can have', () => {
    const known = new Set([
      ...TARGET_LABELS,
      'kind',
      'sli',
      'mirror_rows',
      'window',
      'allowance',
      'instance_id',
      'subject',
      'group',
      ...[...FAMILY_LABELS.values()].flat(),
    ]);
    const wrong: unknown[] = [];
    for (const { expr } of RULES) {
      const { selectors, labels } = namesIn(expr);
      wrong.push(...labels.filter((label) => !known.has(label)));
      for (const { metric, matchers } of selectors) {
        const own = FAMILY_LABELS.get(metric) ?? FOREIGN[metric];
        for (const { label, value } of matchers) {
          const hasLabel = own === undefined || own.includes(label) || TARGET_LABELS.includes(label);
          const values = LABEL_VALUES[label];
          if (!hasLabel || value.split('|').some((one) => values !== undefined && !values.some((it) => it === one))) {
            wrong.push({ metric, label, value });
          }
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('join what is of one exporter, and one query, only', () => {
    const modifiers = RULES.flatMap(({ expr }) => expr.match(/\b(?:on|by) \([^)]*\)/g) ?? []);
    expect(modifiers.length).toBeGreaterThan(30);
    // The rest have nothing to join: the lack of any exporter, the number of exporters of a job, groups of replicas, a list that users write for
    // all of them, and instances of AWS.
    const loose = modifiers.filter((modifier) => !/\(job, instance\b/.test(modifier));
    expect(new Set(loose)).toEqual(
      new Set([
        'on ()',
        'on (job)',
        'by (job)',
        'by (job, group)',
        'on (job, group)',
        'on (account)',
        'on (account, aws_account_id)',
        'by (instance_id)',
        'on (group)',
      ]),
    );
  });

  it('compare only with thresholds of thresholds.yml, and use each of them', () => {
    const used = RULES.flatMap(({ expr }) =>
      namesIn(expr)
        .selectors.filter(({ metric }) => metric === 'aws_nfm:threshold')
        .flatMap(({ matchers }) => matchers.map(({ value }) => value)),
    );
    expect(new Set(used)).toEqual(new Set(THRESHOLDS.map(({ name }) => name)));
  });
});

describe.each(ALERTS)('$alert ($labels.severity)', ({ alert, for: pending, labels, annotations }) => {
  const page = `docs/runbooks/${alert}.md`;

  it('has a severity, a summary of at most 8 words, a description, a runbook, and a delay', () => {
    expect(['critical', 'warning', 'info']).toContain(labels['severity']);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
    expect(annotations['summary']).toMatch(/^[^{}]+\.$/);
    expect(annotations['summary']?.split(' ').length).toBeLessThanOrEqual(8);
    expect(annotations['description']).toMatch(/\.$/);
    expect(annotations['runbook_url']).toBe(`${homepage}/blob/main/${page}`);
    expect(pending).toMatch(/^\d+[mh]$/);
  });

  it('has a runbook with its meaning, impact, diagnosis, and mitigation', () => {
    const text = readFileSync(`${PROJECT}${page}`, 'utf8');
    expect(text.split('\n')[0]).toBe(`# ${alert}`);
    expect(text).toContain(annotations['summary']);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      'Meaning',
      'Impact',
      'Diagnosis',
      'Mitigation',
    ]);
    // One expression a line.
    const blocks = [...text.matchAll(/^```promql\n(.*?)\n```$/gms)];
    const examples = blocks.flatMap(([, block = '']) => block.split('\n'));
    expect(examples).not.toEqual([]);
    expect(examples.flatMap(unknownSeries)).toEqual([]);
  });

  it('has a test in which it fires, and in which it does not', () => {
    const { tests }: TestFile = parse(readFileSync(`${PROJECT}test/rules/${alert}.yml`, 'utf8'));
    const expected = tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test);
    const counts = expected.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length);
    expect(counts.length).toBe(expected.length);
    expect(Math.max(...counts)).toBeGreaterThan(0);
    // It resolves, and is silent before.
    expect(tests.some(({ alert_rule_test = [] }) => goesAndEnds(alert_rule_test))).toBe(true);
  });
});

it('each page in docs/runbooks is of an alert, or read from one', () => {
  const pages = readdirSync(`${PROJECT}docs/runbooks`).map((file) => file.replace(/\.md$/, ''));
  const others = pages.filter((page) => !ALERTS.some(({ alert }) => alert === page));
  expect(others).toEqual(['usual-range']);
  const texts = ALERTS.map(({ alert }) => readFileSync(`${PROJECT}docs/runbooks/${alert}.md`, 'utf8'));
  expect(others.filter((page) => !texts.some((text) => text.includes(`(${page}.md)`)))).toEqual([]);
});

/** Returns the series of an expression that neither the exporter nor a rule creates. */
function unknownSeries(expression: string): string[] {
  return namesIn(expression)
    .selectors.map(({ metric }) => metric)
    .filter((name) => !FAMILY_LABELS.has(name) && !RECORDED.has(name) && !(name in FOREIGN));
}

/** Silent, then firing, then silent again. */
function goesAndEnds(expected: readonly { readonly exp_alerts: readonly unknown[] }[]): boolean {
  const fires = expected.map(({ exp_alerts }) => exp_alerts.length > 0);
  return !fires.at(0) && fires.includes(true) && !fires.at(-1);
}
