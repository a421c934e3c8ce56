import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DAEMON_FLAGS } from '../../src/cli/daemon-flags.ts';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const README = readFileSync(`${PROJECT}README.md`, 'utf8');
const MAIN = `${PROJECT}dist/main.js`;

/** Returns the contents of the README's code blocks of a language. */
function blocks(language: string): string[] {
  return Array.from(README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')), ([, text = '']) => text);
}

/** Writes a text to a file of this name in a new directory, and returns its path. */
function written(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const CONFIGURATIONS = blocks('yaml').filter((text) => text.startsWith('# nfm-exporter.yml\n'));

test('has configurations and a Prometheus job as its only YAML', () => {
  expect(CONFIGURATIONS.length).toBeGreaterThan(1);
  expect(blocks('yaml').filter((text) => !/^# (?:nfm-exporter|prometheus)\.yml\n/.test(text))).toEqual([]);
});

test.each([...CONFIGURATIONS.entries()])('shows a configuration that check-config accepts: number %i', (_, text) => {
  const file = written('nfm-exporter.yml', text);
  const env = { ...process.env, NFM_EXTERNAL_ID: 'an-external-id' };
  expect(run(process.execPath, [MAIN, 'check-config', '--strict', file], { env })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('shows the IAM policy that iam-policy prints for its first configuration', () => {
  const file = written('nfm-exporter.yml', CONFIGURATIONS[0] ?? '');
  const { stdout } = run(process.execPath, [MAIN, 'iam-policy', file]);
  expect(blocks('json').map((text) => JSON.parse(text))).toEqual([JSON.parse(stdout).accounts.default]);
});

test('shows a Prometheus job that promtool accepts', () => {
  const jobs = blocks('yaml').filter((text) => text.startsWith('# prometheus.yml\n'));
  expect(jobs.length).toBeGreaterThan(0);
  for (const text of jobs) {
    expect(run('promtool', ['check', 'config', written('prometheus.yml', text)])).toMatchObject({ status: 0 });
  }
});

test('shows PromQL that promtool accepts', () => {
  const queries = blocks('promql').flatMap((text) => text.trim().split('\n'));
  expect(queries.length).toBeGreaterThanOrEqual(5);
  const rules = queries.map((expr, index) => ({ record: `example:${index}`, expr }));
  const file = written('rules.yml', stringify({ groups: [{ name: 'examples', rules }] }));
  expect(run('promtool', ['check', 'rules', file])).toMatchObject({ status: 0 });
});

test('shows a sample of the exposition that promtool accepts', () => {
  const samples = blocks('text').join('');
  expect(samples).toMatch(/^aws_nfm_contributor_/m);
  expect(run('promtool', ['check', 'metrics'], { input: samples }).stderr).not.toContain('error while linting');
});

test('names only flags that exist', () => {
  const known = new Set(DAEMON_FLAGS.map(({ name }) => name));
  const flags = Array.from(README.matchAll(/--((?:config|web|log|storage)\.[\w.-]+)/g), ([, name = '']) => name);
  expect(flags.length).toBeGreaterThan(2);
  expect(flags.filter((name) => !known.has(name))).toEqual([]);
});

test('calls the command by the name that npm link installs', () => {
  expect(README).toContain('npm ci && npm run build && npm link');
  expect(README).not.toMatch(/npx nfm-exporter|node dist\/main\.js/);
});
