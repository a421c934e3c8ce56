import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { Deployment, Manifest } from '../manifests.ts';
import { CHART, EXAMPLES, helm, only, render } from './chart.ts';

const NEXT = '99.0.0';

/** A copy of the chart with another version. */
function nextChart(): string {
  const folder = join(temporaryFolder(), 'nfm-exporter');
  cpSync(CHART, folder, { recursive: true, dereference: true });
  const file = join(folder, 'Chart.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(ersion:) \d+\.\d+\.\d+$/gm, `$1 ${NEXT}`));
  return folder;
}

/** What an upgrade cannot change, or what it would delete and create again. */
function immutableParts(objects: readonly Manifest[]) {
  const claims = objects.filter((object): object is Manifest & { spec: object } => object.kind.endsWith('Claim'));
  return {
    names: objects.map(({ kind, metadata: { name } }) => `${kind}/${name}`).toSorted(),
    selector: only<Deployment>(objects, 'Deployment').spec.selector,
    claims: claims.map(({ spec }) => spec),
  };
}

describe('an upgrade', () => {
  it.each(Object.entries(EXAMPLES))('with the values of %s changes the version and nothing else', (_, values) => {
    const old = render({ values, release: 'flows' });
    const next = render({ values, release: 'flows', chart: nextChart() });
    expect(immutableParts(next)).toEqual(immutableParts(old));
    const version = only<Deployment>(old, 'Deployment').metadata.labels?.['app.kubernetes.io/version'] ?? '';
    expect(JSON.parse(JSON.stringify(next).replaceAll(NEXT, version))).toEqual(old);
    expect(only(next, 'Deployment').metadata.labels).toMatchObject({
      'app.kubernetes.io/version': NEXT,
      'helm.sh/chart': `nfm-exporter-${NEXT}`,
    });
  });

  // A change of this breaks the upgrade of each release that exists: Kubernetes rejects another selector or claim.
  it('keeps selectors, claims, and names of the first version', () => {
    expect(immutableParts(render({ values: EXAMPLES['persistent-tls'], release: 'flows' }))).toEqual({
      names: [
        'Deployment/flows-nfm-exporter',
        'NetworkPolicy/flows-nfm-exporter',
        'PersistentVolumeClaim/flows-nfm-exporter',
        'Pod/flows-nfm-exporter-ready',
        'Service/flows-nfm-exporter',
        'ServiceAccount/flows-nfm-exporter',
        'ServiceMonitor/flows-nfm-exporter',
      ],
      selector: {
        matchLabels: { 'app.kubernetes.io/name': 'nfm-exporter', 'app.kubernetes.io/instance': 'flows' },
      },
      claims: [
        {
          accessModes: ['ReadWriteOncePod'],
          storageClassName: 'gp3',
          resources: { requests: { storage: '5Gi' } },
        },
      ],
    });
  });
});

describe('the packed chart', () => {
  it('renders the same as the directory, without its links', () => {
    const folder = temporaryFolder();
    expect(helm('package', CHART, '--destination', folder)).toMatchObject({ status: 0, stderr: '' });
    const [file = ''] = readdirSync(folder);
    const chart = join(folder, file);
    const values = EXAMPLES['kube-prometheus-stack'];
    expect(render({ chart, values })).toEqual(render({ values }));
    // Helm stores the chart in a Secret, which holds 1 MiB.
    expect(statSync(chart).size).toBeLessThan(200_000);
  });

  it('fails without the files behind its links', () => {
    const folder = join(temporaryFolder(), 'nfm-exporter');
    cpSync(CHART, folder, { recursive: true, filter: (path) => !path.endsWith('/files') });
    for (const set of ['prometheusRule.enabled=true', 'dashboards.enabled=true']) {
      const { status, stderr } = helm('template', 'flows', folder, '--set', set);
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('Copy it with cp -rL') });
    }
  });
});

describe('the notes of an installation', () => {
  function notes(...args: readonly string[]): string {
    const { status, stdout } = helm('install', 'flows', CHART, '--namespace=flow', '--dry-run=client', ...args);
    expect(status).toBe(0);
    return stdout.slice(stdout.indexOf('NOTES:'));
  }

  it('name the Service, and how to associate a role, by default', () => {
    expect(notes()).toContain('port-forward service/flows-nfm-exporter 10049:10049');
    expect(notes()).toContain('http://127.0.0.1:10049/');
    expect(notes()).toContain('--service-account flows-nfm-exporter --role-arn ROLE');
    expect(notes()).toMatch(/serviceMonitor.enabled[\s\S]*persistence.enabled/);
  });

  it('omit steps that the values make superfluous', () => {
    expect(notes(`--values=${EXAMPLES['kube-prometheus-stack']}`)).not.toMatch(
      /associate a role|serviceMonitor.enabled/,
    );
    const text = notes(`--values=${EXAMPLES['persistent-tls']}`);
    expect(text).not.toContain('persistence.enabled');
    expect(text).toContain('10049:443\n  https://127.0.0.1:10049/nfm/');
  });
});
