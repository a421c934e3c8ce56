import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { FAMILIES } from '../../../src/metrics/families.ts';
import { DASHBOARDS } from '../../support/dashboard-files.ts';
import { PROJECT, run } from '../../support/project.ts';
import { RULE_GROUPS } from '../rule-files.ts';
import { rulesForReplicas } from './replica-rules.ts';

// "npm run manifests" writes this file; without it a file that is not up to date fails.

const FILE = 'config/rules-replicas.yml';
const HEAD = `# The rules of config/rules for exporters that run as replicas. Load this file and config/rules/thresholds.yml in place of
# config/rules. Made from config/rules by "npm run manifests"; change it there.
`;

test('the rules for replicas are made from config/rules', async () => {
  const groups = rulesForReplicas(
    RULE_GROUPS.filter(({ file }) => file !== 'thresholds.yml'),
    shownByDashboards(),
  );
  const text = HEAD + stringify({ groups }, { lineWidth: 0 });
  await expect(text).toMatchFileSnapshot(`../../../${FILE}`);
});

test('the rules for replicas are valid in Prometheus, without duplicates', () => {
  expect(run('promtool', ['check', 'rules', '--lint=all', '--lint-fatal', `${PROJECT}${FILE}`])).toMatchObject({
    status: 0,
    stderr: '',
  });
});

/** Names of the families of which the dashboards show recorded gauges. Some are selected by a pattern. */
function shownByDashboards(): readonly string[] {
  const patterns = [...JSON.stringify(DASHBOARDS).matchAll(/\breplicas:(aws_nfm_[\w.+]+)/g)].map(([, name]) => name);
  const shown = new RegExp(`^(${[...new Set(patterns)].join('|')})$`);
  return FAMILIES.map(({ name }) => name).filter((name) => shown.test(name));
}
