import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Container, type Deployment, type Manifest, readYaml } from '../manifests.ts';
import { configOf, EXAMPLES, kustomize, only, render } from './chart.ts';

const OVERLAYS = 'deploy/kubernetes/overlays';
const DEFAULT = render();

/** The pod of the Deployment, or of the test, which has fewer fields. */
interface PodSpec {
  readonly containers: readonly Partial<Container>[];
  readonly volumes?: readonly { readonly name: string }[];
}

function podSpecs(objects: readonly Manifest[]): PodSpec[] {
  const pods = objects.filter((object): object is Manifest & { spec: PodSpec } => object.kind === 'Pod');
  return [only<Deployment>(objects, 'Deployment').spec.template.spec, ...pods.map(({ spec }) => spec)];
}

describe('the chart, by default, and the kustomization with Pod Identity', () => {
  const kustomized = kustomize(`${OVERLAYS}/pod-identity`);

  it('run the same pod', () => {
    expect(only(DEFAULT, 'Deployment').spec).toEqual(only(kustomized, 'Deployment').spec);
  });

  it('have the same configuration', () => {
    expect(parse(configOf(DEFAULT))).toEqual(parse(configOf(kustomized)));
  });

  it.each(['Service', 'NetworkPolicy'])('have the same %s', (kind) => {
    expect(only(DEFAULT, kind).spec).toEqual(only(kustomized, kind).spec);
  });

  it('keep the token of the service account from pods', () => {
    const withoutToken = { automountServiceAccountToken: false };
    expect(only(DEFAULT, 'ServiceAccount')).toMatchObject(withoutToken);
    expect(only(kustomized, 'ServiceAccount')).toMatchObject(withoutToken);
  });

  it('scrape the same series', () => {
    const monitored = only(render({ set: { 'serviceMonitor.enabled': true } }), 'ServiceMonitor').spec;
    const { endpoints } = only<Manifest & { spec: { endpoints: object } }>(kustomized, 'ServiceMonitor').spec;
    expect(monitored).toMatchObject({ endpoints });
  });

  it('claim the same volume', () => {
    const chart = render({ set: { 'persistence.enabled': true } });
    const overlay = kustomize(`${OVERLAYS}/storage`);
    expect(only(chart, 'PersistentVolumeClaim').spec).toEqual(only(overlay, 'PersistentVolumeClaim').spec);
    const volumes = (objects: readonly Manifest[]) =>
      new Set(only<Deployment>(objects, 'Deployment').spec.template.spec.volumes);
    expect(volumes(chart)).toEqual(volumes(overlay));
  });
});

describe.each(Object.entries(EXAMPLES))('pods with the values of %s', (_, values) => {
  const specs = podSpecs(render({ values }));

  it('meet the restricted Pod Security Standard', () => {
    expect(specs).toHaveLength(2);
    for (const spec of specs) {
      expect(spec).toMatchObject({
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { securityContext } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
      const kinds = (spec.volumes ?? []).flatMap(({ name, ...source }) => Object.keys(source));
      expect(['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret']).toEqual(
        expect.arrayContaining(kinds),
      );
      expect(Object.keys(spec)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^host/)]));
    }
  });

  it('mount only volumes that they define', () => {
    for (const { containers, volumes = [] } of specs) {
      const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
      expect(mounted.toSorted()).toEqual(volumes.map(({ name }) => name).toSorted());
    }
  });

  it('keep the test out of the selectors of the exporter', () => {
    const objects = render({ values });
    const { matchLabels } = only<Deployment>(objects, 'Deployment').spec.selector;
    expect(only(objects, 'Pod').metadata.labels).not.toMatchObject(matchLabels);
  });
});

it('the chart, its image, and the exporter have the same version', () => {
  const { version } = readYaml<{ version: string }>('package.json');
  expect(readYaml('deploy/helm/nfm-exporter/Chart.yaml')).toMatchObject({ version, appVersion: version });
});

it('a changed configuration replaces the pod if it is not reloaded', () => {
  const checksum = (set: Readonly<Record<string, unknown>>) =>
    only<Deployment>(render({ set }), 'Deployment').spec.template.metadata.annotations?.['checksum/config'];
  const region = (name: string) => ({ autoReloadInterval: '', 'config.aws.region': name });
  expect(checksum(region('eu-west-1'))).toMatch(/^[0-9a-f]{64}$/);
  expect(checksum(region('eu-west-1'))).not.toBe(checksum(region('eu-west-2')));
  expect(checksum({ 'config.aws.region': 'eu-west-1' })).toBeUndefined();
});
