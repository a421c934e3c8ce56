import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';
import { configOf, kustomize, only, render } from './chart/chart.ts';
import { loadModels, schemaProblems } from './chart/schemas.ts';
import { type Deployment, type Manifest, readYaml } from './manifests.ts';

interface PodMonitor extends Manifest {
  readonly spec: { readonly podMetricsEndpoints: readonly object[] };
}

const FOLDER = 'deploy/kubernetes';
const OVERLAYS = readdirSync(`${PROJECT}${FOLDER}/overlays`);
const VERSION = readYaml<{ version: string }>('package.json').version;
const MODELS = await loadModels();
const BUILT: ReadonlyMap<string, readonly Manifest[]> = new Map(
  OVERLAYS.map((name) => [name, kustomize(`${FOLDER}/overlays/${name}`)]),
);

function built(overlay: string): readonly Manifest[] {
  return BUILT.get(overlay) ?? expect.unreachable();
}

function namesOf(objects: readonly Manifest[]): string[] {
  return objects.map(({ kind, metadata: { name } }) => `${kind}/${name}`).toSorted();
}

/** Directories with a kustomization.yaml, relative to the project. */
function kustomizations(folder: string): string[] {
  const files = readdirSync(`${PROJECT}${folder}`, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('kustomization.yaml')).map((file) => `${folder}/${file}`);
}

describe.each(OVERLAYS)('the overlay %s', (overlay) => {
  it('builds objects that match their schemas', () => {
    expect(built(overlay).flatMap((object) => schemaProblems(MODELS, object))).toEqual([]);
  });

  it('uses the image of this version, from a registry', () => {
    expect(only(built(overlay), 'Deployment')).toMatchObject({
      spec: { template: { spec: { containers: [{ image: `registry.example/nfm-exporter:${VERSION}` }] } } },
    });
  });

  it('labels all objects and the pod', () => {
    const labels = {
      'app.kubernetes.io/name': 'nfm-exporter',
      'app.kubernetes.io/instance': 'nfm-exporter',
      'app.kubernetes.io/version': VERSION,
      'app.kubernetes.io/part-of': 'network-flow-monitor',
    };
    const own = built(overlay).filter(({ metadata: { name } }) => !name.startsWith('nfm-dashboard-'));
    expect(own.map(({ kind, metadata }) => [kind, metadata.labels])).toEqual(own.map(({ kind }) => [kind, labels]));
    expect(only<Deployment>(built(overlay), 'Deployment').spec.template.metadata.labels).toEqual(labels);
  });

  it('selects the pod by labels that never change', () => {
    const labels = { 'app.kubernetes.io/name': 'nfm-exporter', 'app.kubernetes.io/instance': 'nfm-exporter' };
    expect(only<Deployment>(built(overlay), 'Deployment').spec.selector).toEqual({ matchLabels: labels });
    expect(only(built(overlay), 'Service').spec).toMatchObject({ selector: labels });
    expect(only(built(overlay), 'NetworkPolicy').spec).toMatchObject({ podSelector: { matchLabels: labels } });
    const monitored = { 'app.kubernetes.io/name': 'nfm-exporter' };
    const monitors = built(overlay).filter(({ kind }) => /^(?:Service|Pod)Monitor$/.test(kind));
    expect(monitors).toMatchObject([{ spec: { selector: { matchLabels: monitored } } }]);
  });
});

describe('kustomizations', () => {
  it('name every file in their directory', () => {
    const paths = [...kustomizations(FOLDER), ...kustomizations('grafana')];
    expect(paths.length).toBeGreaterThanOrEqual(7);
    for (const path of paths) {
      const folder = path.replace(/\/kustomization\.yaml$/, '');
      const kustomization = JSON.stringify(readYaml(path));
      for (const file of readdirSync(`${PROJECT}${folder}`).filter((name) => /\.ya?ml$/.test(name))) {
        expect(`kustomization.yaml ${kustomization}`).toContain(file);
      }
    }
  });

  it('include all that the exporter needs', () => {
    expect(namesOf(built('storage'))).toEqual([
      'ConfigMap/nfm-dashboard-cost',
      'ConfigMap/nfm-dashboard-exporter',
      'ConfigMap/nfm-dashboard-fleet',
      'ConfigMap/nfm-dashboard-flows',
      'ConfigMap/nfm-dashboard-map',
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

  it('include every dashboard', () => {
    const names = readdirSync(`${PROJECT}grafana/dashboards`).map((file) => file.replace('.json', ''));
    expect(namesOf(built('irsa'))).toEqual(
      expect.arrayContaining(names.map((name) => `ConfigMap/nfm-dashboard-${name}`)),
    );
  });

  it('replace the volume of the pod by a claim, with storage', () => {
    const volumes = only<Deployment>(built('storage'), 'Deployment').spec.template.spec.volumes;
    expect(volumes.filter(({ name }) => name === 'storage')).toEqual([
      { name: 'storage', persistentVolumeClaim: { claimName: 'nfm-exporter' } },
    ]);
  });

  it('run two replicas as the chart does, on a table', () => {
    const set = {
      replicaCount: 2,
      'config.storage.dynamodb': { table: 'nfm-exporter' },
      'serviceMonitor.enabled': true,
    };
    const chart = render({ set });
    for (const kind of ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget']) {
      expect(only(built('replicas'), kind).spec).toEqual(only(chart, kind).spec);
    }
    const { groups } = only<Manifest & { spec: { groups: readonly { name: string }[] } }>(
      built('replicas'),
      'PrometheusRule',
    ).spec;
    expect(groups.map(({ name }) => name)).toContain('aws_nfm_replicas');
    const { podMetricsEndpoints } = only<PodMonitor>(built('replicas'), 'PodMonitor').spec;
    expect(only<PodMonitor>(chart, 'PodMonitor').spec.podMetricsEndpoints).toEqual(podMetricsEndpoints);
    expect(parse(configOf(built('replicas')))).toEqual(parse(configOf(chart)));
  });

  it('let the pod reach the agent of Pod Identity, and nothing else beside DNS and HTTPS', () => {
    expect(only(built('pod-identity'), 'NetworkPolicy').spec).toMatchObject({ egress: { length: 3 } });
    expect(only(built('irsa'), 'NetworkPolicy').spec).toMatchObject({ egress: { length: 2 } });
  });
});
