import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { isInstalled, PROJECT, run } from '../support/project.ts';
import { type Manifest, readKustomization, readYaml } from './manifests.ts';

const FOLDER = 'deploy/kubernetes';
const OVERLAYS = readdirSync(`${PROJECT}${FOLDER}/overlays`).map((name) => `${FOLDER}/overlays/${name}`);

describe('kustomizations', () => {
  test.each(OVERLAYS)('%s names files that there are, and changes objects that there are', (overlay) => {
    const { objects, patched } = readKustomization(overlay);
    expect(objects).toEqual([...new Set(objects)]);
    for (const { object, among } of patched) {
      expect(among).toContain(object);
    }
  });

  test('leave no file out', () => {
    const named = new Set(OVERLAYS.flatMap((overlay) => readKustomization(overlay).files));
    const found = readdirSync(`${PROJECT}${FOLDER}`, { recursive: true, encoding: 'utf8' });
    const files = found.filter((path) => /\.ya?ml$/.test(path)).map((path) => `${FOLDER}/${path}`);
    expect(files.filter((path) => !named.has(path))).toEqual([]);
  });

  test('come to all that the exporter needs', () => {
    expect(readKustomization(`${FOLDER}/overlays/storage`).objects.toSorted()).toEqual([
      'ConfigMap/nfm-dashboard-exporter',
      'ConfigMap/nfm-dashboard-fleet',
      'ConfigMap/nfm-dashboard-flows',
      'ConfigMap/nfm-exporter',
      'Deployment/nfm-exporter',
      'NetworkPolicy/nfm-exporter',
      'PersistentVolumeClaim/nfm-exporter',
      'PrometheusRule/nfm-exporter',
      'Service/nfm-exporter',
      'ServiceAccount/nfm-exporter',
      'ServiceMonitor/nfm-exporter',
    ]);
  });

  test('bring every dashboard', () => {
    const { files } = readKustomization('grafana');
    const dashboards = readdirSync(`${PROJECT}grafana/dashboards`).map((name) => `grafana/dashboards/${name}`);
    expect(files).toEqual(expect.arrayContaining(dashboards));
  });

  test('take the image of this version', () => {
    const { version } = readYaml<{ version: string }>('package.json');
    const image = expect.objectContaining({ image: `nfm-exporter:${version}` });
    expect(readYaml(`${FOLDER}/base/deployment.yaml`)).toMatchObject({
      spec: { template: { spec: { containers: [image] } } },
    });
    for (const overlay of OVERLAYS.filter((path) => !path.endsWith('/storage'))) {
      expect(readYaml(`${overlay}/kustomization.yaml`)).toMatchObject({
        images: [{ name: 'nfm-exporter', newTag: version }],
      });
    }
  });
});

// No package of Debian's or npm's has one that knows components. Where kubectl brings it, as that flag tells, it is asked, too.
describe.runIf(isInstalled('kubectl', ['kustomize', '--enable-helm', '--help']))('kubectl kustomize', () => {
  const build = (overlay: string): readonly Manifest[] => {
    const { status, stdout, stderr } = run('kubectl', ['kustomize', overlay]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return parseAllDocuments(stdout).map((each) => each.toJS());
  };

  test.each(OVERLAYS)('builds %s, of the objects that it should be of', (overlay) => {
    const built = build(overlay).map(({ kind, metadata: { name } }) => `${kind}/${name}`);
    expect(built.toSorted()).toEqual(readKustomization(overlay).objects.toSorted());
  });

  test('changes what the overlays are there to change', () => {
    const built = new Map(build(`${FOLDER}/overlays/storage`).map((each) => [each.kind, each]));
    expect(built.get('Deployment')).toMatchObject({
      spec: {
        template: {
          spec: {
            containers: [{ image: expect.stringMatching(/^registry\.example\/nfm-exporter:/) }],
            volumes: expect.arrayContaining([
              { name: 'storage', persistentVolumeClaim: { claimName: 'nfm-exporter' } },
              { name: 'config', configMap: { name: 'nfm-exporter' } },
            ]),
          },
        },
      },
    });
    expect(built.get('NetworkPolicy')).toMatchObject({ spec: { egress: { length: 3 } } });
    const role = { annotations: { 'eks.amazonaws.com/role-arn': expect.any(String) } };
    expect(build(`${FOLDER}/overlays/irsa`)).toContainEqual(
      expect.objectContaining({ kind: 'ServiceAccount', metadata: expect.objectContaining(role) }),
    );
  });
});
