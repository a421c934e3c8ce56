import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ALERTS, RECORDS, RULE_FILES, type Rule, THRESHOLDS } from '../../rules/rule-files.ts';
import { PROJECT, run } from '../../support/project.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { type Manifest, readYaml } from '../manifests.ts';
import { type ConfigMap, EXAMPLES, only, readText, render, renderError } from './chart.ts';

interface PrometheusRule extends Manifest {
  readonly spec: { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };
}

function renderRule(values: Readonly<Record<string, unknown>> = {}): PrometheusRule {
  const named = Object.entries(values).map(([key, value]) => [`prometheusRule.${key}`, value]);
  return only(render({ set: { 'prometheusRule.enabled': true, ...Object.fromEntries(named) } }), 'PrometheusRule');
}

function rulesOf({ spec }: PrometheusRule): readonly Rule[] {
  return spec.groups.flatMap(({ rules }) => rules);
}

function alertsOf(rule: PrometheusRule): readonly Rule[] {
  return rulesOf(rule).filter(({ alert }) => alert !== undefined);
}

function checkRules({ spec }: PrometheusRule) {
  const file = join(temporaryFolder(), 'rules.yml');
  writeFileSync(file, stringify(spec));
  return run('promtool', ['check', 'rules', file]);
}

describe('the PrometheusRule', () => {
  it('has all of config/rules by default', () => {
    const groups = RULE_FILES.flatMap((file) => readYaml<{ groups: readonly object[] }>(`config/rules/${file}`).groups);
    expect(renderRule().spec).toEqual({ groups });
  });

  it('has the rules for replicas, with the same thresholds, if there are replicas', () => {
    const files = ['config/rules-replicas.yml', 'config/rules/thresholds.yml'];
    const groups = files.flatMap((file) => readYaml<{ groups: readonly object[] }>(file).groups);
    const set = { 'prometheusRule.enabled': true };
    const rule = only<PrometheusRule>(render({ values: EXAMPLES['replicas'], set }), 'PrometheusRule');
    expect(rule.spec).toEqual({ groups });
  });

  it.each(Object.entries({ default: undefined, example: EXAMPLES['kube-prometheus-stack'] }))(
    'is valid for promtool: %s',
    (_, values) => {
      const rule = only<PrometheusRule>(render({ values, set: { 'prometheusRule.enabled': true } }), 'PrometheusRule');
      const rules = ALERTS.length + RECORDS.length;
      expect(rulesOf(rule).length).toBeGreaterThanOrEqual(rules);
      expect(checkRules(rule)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`SUCCESS: ${rulesOf(rule).length} rules found`),
      });
    },
  );

  it('has the thresholds of the values, and the defaults of all others', () => {
    const changed = {
      results_age_intervals: 7,
      skipped_windows_ratio: 0.25,
      inventory_age_seconds: 1_200_000,
      failing_runs: 0,
    };
    const rendered = rulesOf(renderRule({ thresholds: changed })).flatMap(({ record, labels, expr }) =>
      record === 'aws_nfm:threshold' ? [[labels?.['name'], Number(expr.replace(/^vector\((.*)\)$/, '$1'))]] : [],
    );
    const defaults = THRESHOLDS.map(({ name, value }) => [name, Number(value)]);
    expect(Object.fromEntries(rendered)).toEqual({ ...Object.fromEntries(defaults), ...changed });
    expect(rendered).toHaveLength(THRESHOLDS.length);
  });

  it('has the expected accounts', () => {
    const expectedAccounts = { payments: ['111122223333', '444455556666'] };
    const added = rulesOf(renderRule({ expectedAccounts })).filter(
      ({ record }) => record === 'aws_nfm:expected_account',
    );
    expect(added).toEqual(
      expectedAccounts.payments.map((id) => ({
        record: 'aws_nfm:expected_account',
        labels: { account: 'payments', aws_account_id: id },
        expr: 'vector(1)',
      })),
    );
  });

  it.each(['https://wiki.example.org/nfm', 'https://wiki.example.org/nfm/'])(
    'links to runbooks below %s',
    (runbookUrl) => {
      const alerts = alertsOf(renderRule({ runbookUrl }));
      expect(alerts.map(({ annotations }) => annotations?.['runbook_url'])).toEqual(
        ALERTS.map(({ alert }) => `https://wiki.example.org/nfm/${alert}.md`),
      );
    },
  );

  it('has the labels of the values on alerts only, which win over those of the rules', () => {
    const rule = renderRule({ alertLabels: { team: 'network', severity: 'page' } });
    expect(alertsOf(rule)).toEqual(
      alertsOf(rule).map(() => expect.objectContaining({ labels: { team: 'network', severity: 'page' } })),
    );
    const records = rulesOf(rule).filter(({ record }) => record !== undefined);
    expect(records).toEqual(rulesOf(renderRule()).filter(({ record }) => record !== undefined));
  });

  it('leaves out disabled alerts, and groups that become empty', () => {
    const [first, ...others] = ALERTS.map(({ alert }) => alert);
    expect(alertsOf(renderRule({ disabledAlerts: [first] })).map(({ alert }) => alert)).toEqual(others);
    const empty = renderRule({ disabledAlerts: ALERTS.map(({ alert }) => alert) });
    expect(alertsOf(empty)).toEqual([]);
    expect(empty.spec.groups.every(({ rules }) => rules.length > 0)).toBe(true);
    expect(checkRules(empty)).toMatchObject({ status: 0 });
  });

  it('rejects a disabled alert that does not exist', () => {
    expect(
      renderError({ 'prometheusRule.enabled': true, 'prometheusRule.disabledAlerts': ['NfmNoSuchAlert'] }),
    ).toContain('prometheusRule.disabledAlerts: NfmNoSuchAlert is not an alert');
  });
});

it('each dashboard is in a ConfigMap with the label of the sidecar', () => {
  const objects = render({ set: { 'dashboards.enabled': true, 'dashboards.namespace': 'grafana' } });
  const maps = objects.filter((object): object is ConfigMap => object.metadata.labels?.['grafana_dashboard'] === '1');
  const files = readdirSync(`${PROJECT}grafana/dashboards`).toSorted();
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(maps.flatMap(({ data }) => Object.keys(data))).toEqual(files);
  for (const { data, metadata } of maps) {
    expect(metadata).toMatchObject({ namespace: 'grafana', annotations: { grafana_folder: 'Network Flow Monitor' } });
    for (const [file, json] of Object.entries(data)) {
      expect(JSON.parse(json)).toEqual(JSON.parse(readText(`grafana/dashboards/${file}`)));
    }
  }
});
