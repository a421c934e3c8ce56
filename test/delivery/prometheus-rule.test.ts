import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PROJECT } from '../support/project.ts';
import { readYaml } from './manifests.ts';

// "npm run manifests" writes these files; without it a file that is not up to date fails.

const COMPONENTS = '../../deploy/kubernetes/components';
const THRESHOLDS = 'config/rules/thresholds.yml';
const REPLICAS = 'config/rules-replicas.yml';

test('the PrometheusRule has all of config/rules', async () => {
  const files = readdirSync(`${PROJECT}config/rules`).sort();
  const text = prometheusRule(
    'config/rules',
    files.map((file) => `config/rules/${file}`),
  );
  await expect(text).toMatchFileSnapshot(`${COMPONENTS}/prometheus-operator/prometheus-rule.yaml`);
});

test('the PrometheusRule of replicas replaces it with the rules for replicas', async () => {
  const text = prometheusRule(REPLICAS, [THRESHOLDS, REPLICAS]);
  await expect(text).toMatchFileSnapshot(`${COMPONENTS}/replicas/prometheus-rule.yaml`);
});

function prometheusRule(source: string, files: readonly string[]): string {
  const groups = files.flatMap((file) => readYaml<{ groups: readonly object[] }>(file).groups);
  expect(groups.length).toBeGreaterThan(0);
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'nfm-exporter', labels: { 'app.kubernetes.io/name': 'nfm-exporter' } },
    spec: { groups },
  };
  return `# Made from ${source} by "npm run manifests"; change it there.\n${stringify(rule, { lineWidth: 0 })}`;
}
