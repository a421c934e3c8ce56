import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Deployment, Manifest } from '../manifests.ts';
import { configOf, EXAMPLES, only, render, renderError } from './chart.ts';

const REPLICAS = render({ values: EXAMPLES['replicas'] });
const SELECTOR = { 'app.kubernetes.io/name': 'nfm-exporter', 'app.kubernetes.io/instance': 'nfm-exporter' };
const DYNAMODB = { 'config.storage.dynamodb': { table: 'nfm', region: 'eu-west-1' } };
const OWN_PORT = [{ port: 10_049, protocol: 'TCP' }];
const OWN_PODS = [{ podSelector: { matchLabels: SELECTOR } }];

describe('the chart with replicas', () => {
  it('starts a new standby before an old pod ends, on another node and in another zone if possible', () => {
    const spread = { maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: SELECTOR } };
    expect(only<Deployment>(REPLICAS, 'Deployment').spec).toMatchObject({
      replicas: 3,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        spec: {
          terminationGracePeriodSeconds: 60,
          topologySpreadConstraints: [
            { topologyKey: 'kubernetes.io/hostname', ...spread },
            { topologyKey: 'topology.kubernetes.io/zone', ...spread },
          ],
        },
      },
    });
  });

  it('keeps other values of the pod', () => {
    const constraints = [{ topologyKey: 'rack', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }];
    const set = {
      ...DYNAMODB,
      replicaCount: 2,
      terminationGracePeriodSeconds: 90,
      topologySpreadConstraints: constraints,
    };
    expect(only<Deployment>(render({ set }), 'Deployment').spec.template.spec).toMatchObject({
      terminationGracePeriodSeconds: 90,
      topologySpreadConstraints: constraints,
    });
  });

  it('evicts one pod at a time', () => {
    expect(only(REPLICAS, 'PodDisruptionBudget').spec).toEqual({
      maxUnavailable: 1,
      selector: { matchLabels: SELECTOR },
    });
    expect(render().map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
  });

  it('has no volume and no path, also if a single exporter uses a table', () => {
    const { template } = only<Deployment>(REPLICAS, 'Deployment').spec;
    expect(template.spec.volumes.map(({ name }) => name)).toEqual(['config']);
    expect(template.spec.containers[0].volumeMounts.map(({ name }) => name)).toEqual(['config']);
    expect(parse(configOf(REPLICAS)).storage).toEqual({ postgresql: { url: `\${NFM_EXPORTER_POSTGRESQL_URL}` } });
    expect(parse(configOf(render({ set: DYNAMODB }))).storage).toEqual({
      dynamodb: { table: 'nfm', region: 'eu-west-1' },
    });
    expect(parse(configOf(render())).storage).toEqual({ path: '/var/lib/nfm-exporter' });
  });

  it('scrapes each member as an instance of its own, with its pod', () => {
    const kinds = REPLICAS.map(({ kind }) => kind);
    expect(kinds).not.toContain('ServiceMonitor');
    expect(only(REPLICAS, 'PodMonitor').spec).toMatchObject({
      selector: { matchLabels: SELECTOR },
      podMetricsEndpoints: [
        {
          port: 'metrics',
          path: '/metrics',
          relabelings: [
            { targetLabel: 'job', replacement: 'network-flow-monitor' },
            {
              sourceLabels: ['__meta_kubernetes_namespace', '__meta_kubernetes_pod_name'],
              separator: '/',
              targetLabel: 'instance',
            },
            { action: 'labeldrop', regex: 'container|endpoint' },
          ],
        },
      ],
    });
  });

  it('allows connections to the database and between members', () => {
    const { ingress, egress } = only<Manifest & { spec: { ingress: object[]; egress: object[] } }>(
      REPLICAS,
      'NetworkPolicy',
    ).spec;
    expect(egress).toEqual(
      expect.arrayContaining([{ ports: OWN_PORT, to: OWN_PODS }, { ports: [{ port: 6_432, protocol: 'TCP' }] }]),
    );
    expect(ingress).toContainEqual({ ports: OWN_PORT, from: OWN_PODS });
    const withTable = only(render({ set: { ...DYNAMODB, replicaCount: 2 } }), 'NetworkPolicy').spec;
    expect(JSON.stringify(withTable)).not.toContain('5432');
  });

  it('is refused without a shared storage, with a volume, and with too many pods', () => {
    expect(renderError({ replicaCount: 2 })).toContain(
      'replicas need config.storage.dynamodb or config.storage.postgresql',
    );
    expect(renderError({ ...DYNAMODB, replicaCount: 2, 'persistence.enabled': true })).toContain(
      'a volume belongs to one',
    );
    expect(renderError({ ...DYNAMODB, replicaCount: 4 })).toMatch(/replicaCount/);
    const set = { replicaCount: 2, 'existingConfig.secret': 'own' };
    expect(only(render({ set }), 'Deployment').spec).toMatchObject({ replicas: 2 });
  });
});
