import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { PROJECT } from '../support/project.ts';
import { readYaml } from './manifests.ts';

// "npm run manifests" writes this file; without it a file that is not up to date fails.

test('the PrometheusRule has all of config/rules', async () => {
  const files = readdirSync(`${PROJECT}config/rules`).sort();
  const groups = files.flatMap((file) => readYaml<{ groups: readonly object[] }>(`config/rules/${file}`).groups);
  expect(groups.length).toBeGreaterThan(0);
  const rule = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'nfm-exporter', labels: { 'app.kubernetes.io/name': 'nfm-exporter' } },
    spec: { groups },
  };
  const text = `# Made from config/rules by "npm run manifests"; change it there.\n${stringify(rule, { lineWidth: 0 })}`;
  await expect(text).toMatchFileSnapshot('../../deploy/kubernetes/components/prometheus-operator/prometheus-rule.yaml');
});
