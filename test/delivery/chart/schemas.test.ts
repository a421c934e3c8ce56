import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolderOfFile } from '../../support/temporary-folder.ts';
import { CHART, EXAMPLES, helm, readText, render } from './chart.ts';
import { loadModels, schemaProblems } from './schemas.ts';

const MODELS = await loadModels();
const ALL = Object.values(EXAMPLES).flatMap((values) => render({ values }));

/** A copy of an object with another value at a path. */
function plant(kind: string, path: string, value: unknown) {
  const object = structuredClone(ALL.find((each) => each.kind === kind) ?? expect.unreachable());
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce<object>((each, name) => Reflect.get(each, name), object);
  Reflect.set(parent, last, value);
  return object;
}

/** The values file of docs/deploy.md. */
function documentedValues(): string {
  const file = join(temporaryFolderOfFile(), 'values.yaml');
  const [, example = ''] = /```yaml\n(image: [\s\S]*?)```/.exec(readText('docs/deploy.md')) ?? [];
  expect(example).toContain('prometheusRule:');
  writeFileSync(file, example);
  return file;
}

describe.each(Object.entries({ ...EXAMPLES, 'docs/deploy.md': documentedValues() }))(
  'with the values of %s',
  (_, values) => {
    it('passes helm lint', () => {
      const { status, stdout } = helm('lint', '--strict', CHART, `--values=${values}`);
      expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('0 chart(s) failed') });
      expect(stdout).not.toMatch(/WARNING|ERROR/);
    });

    it('renders objects that match their schemas', () => {
      const objects = render({ values });
      expect(objects.length).toBeGreaterThanOrEqual(6);
      expect(objects.map((object) => [object.kind, schemaProblems(MODELS, object)])).toEqual(
        objects.map(({ kind }) => [kind, []]),
      );
    });
  },
);

describe('the check of schemas', () => {
  it.each([
    ['Deployment', 'spec.template.spec.containers.0.imagePulPolicy', 'Always', /unknown field .*\/0\/imagePulPolicy/],
    ['Deployment', 'spec.template.spec.tolerance', [], /unknown field \/spec\/template\/spec\/tolerance/],
    ['Deployment', 'spec.template.spec.containers.0.securityContext.capabilities.Drop', [], /unknown field/],
    ['Deployment', 'spec.replicas', '1', /replicas must be integer/],
    ['Deployment', 'spec.template.spec.containers.0.args', null, /null at .*args/],
    ['Deployment', 'spec.selector', undefined, /must have required property selector/],
    ['Deployment', 'spec.template.spec.containers.0.resources.limits.memory', 'much', /memory must match/],
    ['Service', 'spec.ports.0.targetport', 'metrics', /unknown field/],
    ['Service', 'spec.ports.0.port', '10049', /port must be integer/],
    ['NetworkPolicy', 'spec.egress.0.port', [], /unknown field/],
    ['PersistentVolumeClaim', 'spec.storageClass', 'gp3', /unknown field/],
    ['ServiceAccount', 'annotations', {}, /unknown field/],
    ['ConfigMap', 'data.other', 1, /other must be string/],
    ['ServiceMonitor', 'spec.endpoints.0.scrapetimeout', '10s', /unknown field/],
    ['ServiceMonitor', 'spec.endpoints.0.interval', '15 s', /interval must match/],
    ['ServiceMonitor', 'spec.endpoints.0.relabelings.0.action', 'remove', /action must be equal/],
    ['PrometheusRule', 'spec.groups.0.rules.0.expression', 'up', /unknown field/],
    ['PrometheusRule', 'spec.groups.0.rules.0.for', 'long', /for must match/],
    ['Deployment', 'apiVersion', 'apps/v9', /no schema for apps\/v9 Deployment/],
  ])('finds a fault in a %s: %s = %j', (kind, path, value, problem) => {
    expect(schemaProblems(MODELS, plant(kind, path, value)).join('\n')).toMatch(problem);
  });

  it('covers every kind of the chart', () => {
    expect([...new Set(ALL.map(({ kind }) => kind))].toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PersistentVolumeClaim',
      'Pod',
      'PodDisruptionBudget',
      'PodMonitor',
      'PrometheusRule',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ]);
  });
});
