import { describe, expect, test } from 'vitest';
import { DAEMON_FLAGS, readDaemonFlags } from '../../src/cli/daemon-flags.ts';
import { readFlags } from '../../src/cli/flags.ts';
import { WEB } from '../../src/config/schema.ts';
import { CLEAN_ENVIRONMENT, runCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { type Deployment, readYaml } from './manifests.ts';

const FOLDER = 'deploy/kubernetes';
const PORT = Number(String(WEB.listenAddresses.default).slice(1));

const deployment = readYaml<Deployment>(`${FOLDER}/base/deployment.yaml`);
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const flags = readDaemonFlags(readFlags(DAEMON_FLAGS, container.args, undefined));

/** Where the container finds a volume. */
function mountOf(volume: string): string {
  const found = container.volumeMounts.find(({ name }) => name === volume);
  // Files that are mounted one by one are never updated.
  expect(found?.subPath).toBeUndefined();
  return found?.mountPath ?? '';
}

describe('the pod', () => {
  test('is there once, and never twice while it is replaced', () => {
    expect(deployment).toMatchObject({ spec: { replicas: 1, strategy: { type: 'Recreate' } } });
  });

  test('has no rights', () => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('requests CPU and memory, and limits memory', () => {
    expect(container.resources).toEqual({
      requests: { cpu: expect.any(String), memory: expect.any(String) },
      limits: { memory: expect.any(String) },
    });
  });

  test('is probed on its health and readiness endpoints', () => {
    const { ports, startupProbe, livenessProbe, readinessProbe } = container;
    expect(ports).toEqual([{ name: 'metrics', containerPort: PORT }]);
    expect(startupProbe.httpGet).toEqual({ path: '/-/healthy', port: 'metrics' });
    expect(livenessProbe.httpGet).toEqual({ path: '/-/healthy', port: 'metrics' });
    expect(readinessProbe.httpGet).toEqual({ path: '/-/ready', port: 'metrics' });
  });

  test('has the time that a start with a locked storage and a shutdown may take', () => {
    const { periodSeconds, failureThreshold = 3 } = container.startupProbe;
    expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(60);
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(flags.shutdownTimeout);
  });

  test('reloads a changed configuration automatically from the same ConfigMap name', () => {
    expect(flags.configFile).toBe(`${mountOf('config')}/nfm-exporter.yml`);
    expect(flags.autoReloadInterval).toBeGreaterThan(0);
    expect(pod.volumes).toContainEqual({ name: 'config', configMap: { name: 'nfm-exporter' } });
    expect(readYaml(`${FOLDER}/base/kustomization.yaml`)).toMatchObject({
      configMapGenerator: [{ name: 'nfm-exporter', files: ['nfm-exporter.yml'] }],
      generatorOptions: { disableNameSuffixHash: true },
    });
  });

  test('has a configuration that the exporter finds good, and that stores where a volume is mounted', async (scope) => {
    const file = `${FOLDER}/base/nfm-exporter.yml`;
    expect(readYaml(file)).toMatchObject({ storage: { path: mountOf('storage') } });
    const env = { ...CLEAN_ENVIRONMENT, AWS_REGION: 'eu-west-1' };
    const { code, stdout, stderr } = await runCommand(scope, ['check-config', '--strict', `${PROJECT}${file}`], env);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  });
});

describe('objects around the pod', () => {
  test('lets Prometheus scrape it, under the names that rules and dashboards expect', () => {
    const { spec: service } = readYaml<{ spec: { ports: readonly object[] } }>(`${FOLDER}/base/service.yaml`);
    expect(service.ports).toEqual([{ name: 'metrics', port: PORT, targetPort: 'metrics' }]);
    const { scrape_configs, global } = readYaml<{
      scrape_configs: readonly [{ job_name: string }];
      global: { scrape_interval: string };
    }>('config/prometheus.yml');
    expect(readYaml(`${FOLDER}/components/prometheus-operator/service-monitor.yaml`)).toMatchObject({
      spec: {
        endpoints: [
          {
            port: 'metrics',
            path: WEB.telemetryPath.default,
            interval: global.scrape_interval,
            relabelings: expect.arrayContaining([{ targetLabel: 'job', replacement: scrape_configs[0].job_name }]),
          },
        ],
      },
    });
  });

  test('lets in scrapes, and out nothing but DNS and HTTPS', () => {
    expect(readYaml(`${FOLDER}/base/network-policy.yaml`)).toMatchObject({
      spec: {
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ ports: [{ port: PORT, protocol: 'TCP' }] }],
        egress: [
          {
            ports: [
              { port: 53, protocol: 'UDP' },
              { port: 53, protocol: 'TCP' },
            ],
          },
          { ports: [{ port: 443, protocol: 'TCP' }] },
        ],
      },
    });
  });

  test('allows traffic to the Pod Identity agent in the Pod Identity overlay', () => {
    expect(readYaml(`${FOLDER}/overlays/pod-identity/network-policy.yaml`)).toEqual([
      {
        op: 'add',
        path: '/spec/egress/-',
        value: {
          to: [{ ipBlock: { cidr: '169.254.170.23/32' } }, { ipBlock: { cidr: 'fd00:ec2::23/128' } }],
          ports: [{ port: 80, protocol: 'TCP' }],
        },
      },
    ]);
  });

  test('gives its service account a role, with IRSA', () => {
    expect(pod.serviceAccountName).toBe('nfm-exporter');
    expect(readYaml(`${FOLDER}/overlays/irsa/service-account.yaml`)).toMatchObject({
      kind: 'ServiceAccount',
      metadata: {
        name: pod.serviceAccountName,
        annotations: { 'eks.amazonaws.com/role-arn': expect.stringMatching(/^arn:aws:iam::\d{12}:role\/[\w-]+$/) },
      },
    });
  });

  test('keeps the storage on a persistent volume instead of the volume of the pod', () => {
    expect(pod.volumes.map(({ name }) => name)).toContain('storage');
    expect(readYaml(`${FOLDER}/components/storage/persistent-volume-claim.yaml`)).toMatchObject({
      metadata: { name: 'nfm-exporter' },
      spec: { accessModes: ['ReadWriteOncePod'] },
    });
  });
});
