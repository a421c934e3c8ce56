import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { tlsFixture } from '../../aws/local-network.ts';
import { runCommandHere } from '../../support/command-here.ts';
import { CLEAN_ENVIRONMENT, runCommand, startCommand } from '../../support/process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import type { Container, Deployment, Manifest, Probe } from '../manifests.ts';
import { configOf, EXAMPLES, only, render } from './chart.ts';

const SCOPE = { onTestFinished };
const ENVIRONMENT = { ...CLEAN_ENVIRONMENT, AWS_REGION: 'eu-west-1', NFM_EXTERNAL_ID: 'secret' };
/** No query, so that nothing calls AWS. */
const IDLE = { 'config.queries': [] };
const SERVER_TLS = 'tls_server_config: { cert_file: tls.crt, key_file: tls.key }\n';
const CLIENT_TLS =
  'tls_server_config: { cert_file: tls.crt, key_file: tls.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert }\n';

/** The exporter, run with the arguments of the pod and with directories in the place of its mounts. */
interface RunningPod {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly container: Container;
  readonly objects: readonly Manifest[];
  /** The exit code of an `nfm-exporter` command of the pod or of the test, run on the address of the exporter. */
  readonly run: (args: readonly string[], runIt?: typeof runCommandHere) => Promise<number | null>;
  readonly stop: () => Promise<unknown>;
}

async function startPod(objects: readonly Manifest[], config: string, webConfig = ''): Promise<RunningPod> {
  const folder = temporaryFolder();
  const local = (text: string) => text.replaceAll(/\/(?=etc\/nfm|var\/lib\/)/g, `${folder}/`);
  for (const mount of ['etc/nfm-exporter', 'etc/nfm-exporter-web', 'var/lib/nfm-exporter']) {
    mkdirSync(join(folder, mount), { recursive: true });
  }
  writeFileSync(join(folder, 'etc/nfm-exporter/nfm-exporter.yml'), local(config));
  const web = join(folder, 'etc/nfm-exporter-web');
  writeFileSync(join(web, 'web-config.yml'), webConfig);
  copyFileSync(tlsFixture('first-server.pem'), join(web, 'tls.crt'));
  copyFileSync(tlsFixture('first-server-key.pem'), join(web, 'tls.key'));
  copyFileSync(tlsFixture('client-authority.pem'), join(web, 'ca.crt'));
  const [container] = only<Deployment>(objects, 'Deployment').spec.template.spec.containers;
  const command = startCommand(SCOPE, [...container.args.map(local), '--web.listen-address=127.0.0.1:0'], ENVIRONMENT);
  const address = (await command.url()).replace('http://', '');
  const run: RunningPod['run'] = async (args, runIt = runCommandHere) => {
    const own = args.map(local).filter((arg) => !arg.startsWith('--web.listen-address='));
    return (await runIt([...own, `--web.listen-address=${address}`], ENVIRONMENT)).code;
  };
  const stop = () => {
    command.kill('SIGTERM');
    return command.ended;
  };
  return { address, container, objects, run, stop };
}

const PATIENT = { timeout: 60_000, interval: 250 };

/** HTTP status. Like the kubelet, does not verify the certificate. */
async function statusOf(url: string): Promise<number | undefined> {
  if (url.startsWith('http:')) {
    return (await fetch(url)).status;
  }
  const agent = new Agent({ rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
}

function probeResult({ address, run }: RunningPod, { httpGet, exec }: Probe): Promise<number | null | undefined> {
  if (httpGet !== undefined) {
    return statusOf(`${(httpGet.scheme ?? 'HTTP').toLowerCase()}://${address}${httpGet.path}`);
  }
  const [program, script, ...args] = exec?.command ?? [];
  expect([program, script]).toEqual(['node', '/app/dist/main.js']);
  return run(args);
}

/** Waits for the results of the startup, liveness, and readiness probes. */
async function expectProbes(pod: RunningPod, result: number): Promise<void> {
  const { startupProbe, livenessProbe, readinessProbe } = pod.container;
  await vi.waitFor(async () => {
    const probes = [startupProbe, livenessProbe, readinessProbe];
    expect(await Promise.all(probes.map((probe) => probeResult(pod, probe)))).toEqual([result, result, result]);
  }, PATIENT);
}

/** The URL that Prometheus scrapes. */
function scrapeUrl({ objects, address }: RunningPod): string {
  type Monitor = Manifest & { spec: { endpoints: readonly [{ path: string; scheme?: string }] } };
  const [{ path, scheme = 'http' }] = only<Monitor>(objects, 'ServiceMonitor').spec.endpoints;
  return `${scheme}://${address}${path}`;
}

/** The arguments of the pod that `helm test` runs. */
function testArgs({ objects }: RunningPod): readonly string[] {
  type Test = Manifest & { spec: { containers: readonly [Container] } };
  return only<Test>(objects, 'Pod').spec.containers[0].args;
}

describe('the rendered configuration', () => {
  async function checkConfig(config: string) {
    const file = join(temporaryFolder(), 'nfm-exporter.yml');
    writeFileSync(file, config);
    const { code, stdout, stderr } = await runCommandHere(['check-config', '--strict', file], ENVIRONMENT);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  }

  it.each(['minimal', 'kube-prometheus-stack'])('passes check-config with the values of %s', async (example) => {
    await checkConfig(configOf(render({ values: EXAMPLES[example] })));
  });

  it('keeps large numbers, and strings of digits', async () => {
    const contributors = { maxSeries: 2_000_000 };
    const accounts = [{ name: 'a', roleArn: 'arn:aws:iam::111122223333:role/nfm', externalId: '012345' }];
    const config = configOf(render({ set: { 'config.contributors': contributors, 'config.accounts': accounts } }));
    expect(parse(config)).toMatchObject({ contributors, accounts });
    await checkConfig(config);
  });
});

describe('the exporter with the arguments of the pod', () => {
  it.each([
    ['default values', {}],
    ['a route prefix', { 'web.routePrefix': '/nfm/' }],
    ['an external URL', { 'web.externalUrl': 'https://example.org/a/b/' }],
    ['another path of metrics', { 'config.web.telemetryPath': '/prometheus', 'web.routePrefix': 'nfm' }],
  ])('passes probes, test, and scrapes with %s', async (_, values) => {
    const objects = render({ set: { ...IDLE, 'serviceMonitor.enabled': true, ...values } });
    const pod = await startPod(objects, configOf(objects));
    await expectProbes(pod, 200);
    expect(await statusOf(scrapeUrl(pod))).toBe(200);
    expect(await pod.run(testArgs(pod))).toBe(0);
  });

  it('passes probes, test, and scrapes with TLS', async () => {
    const objects = render({ values: EXAMPLES['persistent-tls'], set: { 'web.clientCertificateRequired': false } });
    const pod = await startPod(objects, 'queries: []', SERVER_TLS);
    await expectProbes(pod, 200);
    expect(await statusOf(scrapeUrl(pod))).toBe(200);
    expect(await pod.run(testArgs(pod), (args, env) => runCommand(SCOPE, args, env))).toBe(0);
  });

  it('passes probes and test with client certificates, and fails them once it has stopped', async () => {
    const objects = render({ values: EXAMPLES['persistent-tls'] });
    const pod = await startPod(objects, 'queries: []', CLIENT_TLS);
    await expectProbes(pod, 0);
    expect(await pod.run(testArgs(pod))).toBe(0);
    await expect(statusOf(scrapeUrl(pod))).rejects.toThrow();
    await pod.stop();
    await expectProbes(pod, 1);
    expect(await pod.run(testArgs(pod))).toBe(1);
  });
});
