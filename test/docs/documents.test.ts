import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { FAMILIES } from '../../src/metrics/families.ts';
import { run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { configurationDocument } from './configuration-document.ts';
import { metricsDocument } from './metrics-document.ts';
import { PROMQL_EXAMPLES } from './promql-examples.ts';

// "npm run docs" writes these files; without it a file that is not up to date fails.

test('docs/metrics.md is what the table of families makes it', async () => {
  await expect(metricsDocument()).toMatchFileSnapshot('../../docs/metrics.md');
});

test('docs/configuration.md is what the schema and the flags make it', async () => {
  await expect(configurationDocument()).toMatchFileSnapshot('../../docs/configuration.md');
});

test('the examples of docs/metrics.md are PromQL', () => {
  const rules = PROMQL_EXAMPLES.map(({ query }, index) => ({ record: `example:${index}`, expr: query }));
  const file = join(temporaryFolder(), 'rules.yml');
  writeFileSync(file, stringify({ groups: [{ name: 'examples', rules }] }));
  expect(run('promtool', ['check', 'rules', file])).toMatchObject({ status: 0 });
});

test('the examples of docs/metrics.md name only existing families and labels', () => {
  const names = PROMQL_EXAMPLES.flatMap(({ query }) => query.match(/aws_nfm_\w+/g) ?? []);
  const known = new Set(FAMILIES.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`] : [name])));
  expect(names.filter((name) => !known.has(name))).toEqual([]);
});
