import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { PROJECT, run } from '../../support/project.ts';
import type { Manifest } from '../manifests.ts';

export const CHART = `${PROJECT}deploy/helm/nfm-exporter`;
/** Values files, by name. */
export const EXAMPLES: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(`${CHART}/examples`).map((file) => [file.replace('.yaml', ''), `${CHART}/examples/${file}`]),
);

/** Result of the installation, which is attempted once. */
let installed: ReturnType<typeof run> | undefined;

/** Returns the directory of helm, kubectl, and the schemas, and installs them if they are missing. */
export function toolsDirectory(): string {
  installed ??= run(process.execPath, ['scripts/kubernetes-tools.mjs']);
  expect(installed).toMatchObject({ status: 0, stderr: '' });
  return installed.stdout.trim();
}

function runTool(tool: 'helm' | 'kubectl', args: readonly string[]) {
  const { stderr, ...result } = run(`${toolsDirectory()}/${tool}`, args);
  // Helm reports each link in a chart's directory.
  return { ...result, stderr: stderr.replaceAll(/^level=INFO msg="found symbolic link.*\n/gm, '') };
}

export function helm(...args: readonly string[]) {
  return runTool('helm', args);
}

export interface Rendering {
  /** Directory or package. */
  readonly chart?: string;
  readonly release?: string;
  readonly values?: string | undefined;
  /** More values, as JSON. */
  readonly set?: Readonly<Record<string, unknown>>;
}

function templateArgs({ chart = CHART, release = 'nfm-exporter', values, set = {} }: Rendering): string[] {
  const files = values === undefined ? [] : [`--values=${values}`];
  const json = Object.entries(set).map(([key, value]) => `--set-json=${key}=${JSON.stringify(value)}`);
  return ['template', release, chart, '--namespace=monitoring', ...files, ...json];
}

/** Objects that `helm template` renders. */
export function render(rendering: Rendering = {}): Manifest[] {
  return parseObjects(helm(...templateArgs(rendering)));
}

/** The error message of `helm template`. */
export function renderError(set: Readonly<Record<string, unknown>>): string {
  const { status, stderr } = helm(...templateArgs({ set }));
  expect(status).toBe(1);
  return stderr;
}

/** Objects that `kubectl kustomize` renders. */
export function kustomize(directory: string): Manifest[] {
  return parseObjects(runTool('kubectl', ['kustomize', directory]));
}

function parseObjects({ status, stdout, stderr }: ReturnType<typeof runTool>): Manifest[] {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return parseAllDocuments(stdout)
    .map((document): Manifest | null => document.toJS())
    .filter((object) => object !== null);
}

/** The only object of a kind. `T` is its type as far as the test reads it. */
export function only<T extends Manifest = Manifest & { readonly spec: object }>(
  objects: readonly Manifest[],
  kind: string,
): T {
  const found = objects.filter((object): object is T => object.kind === kind);
  expect(found, kind).toHaveLength(1);
  return found[0] ?? expect.unreachable();
}

/** The exporter's file in a rendered ConfigMap. */
export function configOf(objects: readonly Manifest[]): string {
  const found = objects.filter((object): object is ConfigMap => object.kind === 'ConfigMap');
  return found.flatMap(({ data }) => data['nfm-exporter.yml'] ?? [])[0] ?? expect.unreachable();
}

export interface ConfigMap extends Manifest {
  readonly data: Readonly<Record<string, string>>;
}

export function readText(path: string): string {
  return readFileSync(`${PROJECT}${path}`, 'utf8');
}
