import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { FAMILIES } from '../../src/metrics/families.ts';
import { ROW_LABELS } from '../../src/model/vocabulary.ts';
import { RECORDS } from '../rules/rule-files.ts';
import { PROJECT } from '../support/project.ts';

/** All that users read: pages, and examples. The rules have a test of their own, which reads their PromQL. */
const TEXTS = globSync(
  ['*.md', 'docs/**/*.md', 'grafana/*.md', 'config/*.yml', '!config/rules-replicas.yml', 'config/demo/*.yml'],
  { cwd: PROJECT },
).map((path) => ({ path, text: readFileSync(`${PROJECT}${path}`, 'utf8') }));

/** Labels by the names of the series that a scrape can have. */
const SERIES = new Map(
  FAMILIES.flatMap(({ name, type, labels }) => {
    const all = new Set<string>([...labels, ...(name.startsWith('aws_nfm_contributor_') ? ROW_LABELS : [])]);
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [];
    return [[name, all] as const, ...suffixes.map((suffix) => [name + suffix, new Set([...all, 'le'])] as const)];
  }),
);
const RECORDED = RECORDS.map(({ record = '' }) => record);

/** Such as `aws_nfm_api_` of `aws_nfm_api_*`, and the namespace itself. */
function isPrefix(name: string): boolean {
  return name.endsWith('_') && [...SERIES.keys()].some((known) => known.startsWith(name));
}

test('every metric that a document or an example names exists', () => {
  const unknown = TEXTS.flatMap(({ path, text }) =>
    (text.match(/[\w:]*\baws_nfm_\w+(?::\w+)*|\b\w+:aws_nfm_\w+(?::\w+)*/g) ?? [])
      .filter((name) => !SERIES.has(name) && !RECORDED.includes(name) && !isPrefix(name))
      .map((name) => `${path}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test('every selector in a document or an example uses labels of its metric', () => {
  const selectors = TEXTS.flatMap(({ path, text }) =>
    Array.from(text.matchAll(/\b(aws_nfm_\w+)\{([^}\n]*)\}/g), ([, name = '', matchers = '']) => ({
      path,
      name,
      labels: Array.from(
        matchers.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/(\w+)\s*(?:=|!|,|$)/g),
        ([, label]) => label,
      ),
    })),
  );
  expect(selectors.length).toBeGreaterThan(20);
  const unknown = selectors.flatMap(({ path, name, labels }) =>
    labels
      .filter((label) => label !== undefined && !SERIES.get(name)?.has(label) && !['job', 'instance'].includes(label))
      .map((label) => `${path}: ${name}{${label}}`),
  );
  expect(unknown).toEqual([]);
});

test('every metric that is exported is in the documents', () => {
  const page = readFileSync(`${PROJECT}docs/metrics.md`, 'utf8');
  expect(FAMILIES.filter(({ name }) => !page.includes(`\`${name}\``)).map(({ name }) => name)).toEqual([]);
});
