import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAEMON_FLAGS, readDaemonFlags } from '../../src/cli/daemon-flags.ts';
import { readFlags, UsageError } from '../../src/cli/flags.ts';
import { anyCharacter } from '../support/any-character.ts';

function read(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return readDaemonFlags(readFlags(DAEMON_FLAGS, args, env));
}

function refusal(args: readonly string[], env?: Readonly<Record<string, string>>): string {
  try {
    read(args, env);
  } catch (error) {
    if (error instanceof UsageError) {
      return error.message;
    }
    throw error;
  }
  return 'accepted';
}

const NONE_GIVEN = {
  configFile: undefined,
  autoReloadInterval: 0,
  listenAddresses: undefined,
  webConfigFile: undefined,
  systemdSocket: false,
  telemetryPath: undefined,
  routePrefix: '',
  externalUrl: undefined,
  prometheusUrl: undefined,
  grafanaUrl: undefined,
  enableLifecycle: false,
  enableAdminApi: false,
  enableUnauthenticatedAdminApi: false,
  shutdownTimeout: 10_000,
  shard: { ordinal: 0, total: 1 },
  logLevel: undefined,
  logFormat: undefined,
};

/** Each flag with its variable, a value, and the resulting settings. */
const FLAGS: readonly (readonly [flag: string, variable: string, value: string, meaning: object])[] = [
  ['--config.file', 'NFM_EXPORTER_CONFIG_FILE', 'nfm.yml', { configFile: 'nfm.yml' }],
  ['--config.auto-reload-interval', 'NFM_EXPORTER_CONFIG_AUTO_RELOAD_INTERVAL', '30s', { autoReloadInterval: 30_000 }],
  ['--web.listen-address', 'NFM_EXPORTER_WEB_LISTEN_ADDRESS', '[::1]:0', { listenAddresses: ['[::1]:0'] }],
  ['--web.config.file', 'NFM_EXPORTER_WEB_CONFIG_FILE', 'web.yml', { webConfigFile: 'web.yml' }],
  ['--web.telemetry-path', 'NFM_EXPORTER_WEB_TELEMETRY_PATH', '/nfm/metrics', { telemetryPath: '/nfm/metrics' }],
  ['--web.route-prefix', 'NFM_EXPORTER_WEB_ROUTE_PREFIX', '/a/b/', { routePrefix: '/a/b' }],
  [
    '--web.external-url',
    'NFM_EXPORTER_WEB_EXTERNAL_URL',
    'https://proxy.example:8443/nfm/',
    { externalUrl: 'https://proxy.example:8443/nfm', routePrefix: '/nfm' },
  ],
  [
    '--web.prometheus-url',
    'NFM_EXPORTER_WEB_PROMETHEUS_URL',
    'https://prometheus.example/p/',
    { prometheusUrl: 'https://prometheus.example/p' },
  ],
  [
    '--web.grafana-url',
    'NFM_EXPORTER_WEB_GRAFANA_URL',
    'http://grafana.example:3000//',
    { grafanaUrl: 'http://grafana.example:3000' },
  ],
  ['--web.shutdown-timeout', 'NFM_EXPORTER_WEB_SHUTDOWN_TIMEOUT', '1m30s', { shutdownTimeout: 90_000 }],
  ['--log.level', 'NFM_EXPORTER_LOG_LEVEL', 'debug', { logLevel: 'debug' }],
  ['--log.format', 'NFM_EXPORTER_LOG_FORMAT', 'json', { logFormat: 'json' }],
];

/** Flags with an optional value. */
const TOGGLES: readonly (readonly [flag: string, variable: string, key: string])[] = [
  ['--web.systemd-socket', 'NFM_EXPORTER_WEB_SYSTEMD_SOCKET', 'systemdSocket'],
  ['--web.enable-lifecycle', 'NFM_EXPORTER_WEB_ENABLE_LIFECYCLE', 'enableLifecycle'],
  ['--web.enable-admin-api', 'NFM_EXPORTER_WEB_ENABLE_ADMIN_API', 'enableAdminApi'],
  [
    '--web.enable-unauthenticated-admin-api',
    'NFM_EXPORTER_WEB_ENABLE_UNAUTHENTICATED_ADMIN_API',
    'enableUnauthenticatedAdminApi',
  ],
];

describe("the daemon's flags", () => {
  it('are exactly the documented ones', () => {
    const flags = [...[...FLAGS, ...TOGGLES].map(([flag]) => flag), '--shard', '--total-shards'];
    expect(DAEMON_FLAGS.map(({ name }) => `--${name}`).sort()).toEqual(flags.sort());
  });

  it.each(TOGGLES)('%s is true if it is given, with or without a value, and by %s', (flag, variable, key) => {
    const on = { ...NONE_GIVEN, [key]: true };
    for (const args of [[flag], [`${flag}=true`], [`${flag}=1`]]) {
      expect(read(args)).toEqual(on);
    }
    expect(read([flag, '--log.level=info'])).toEqual({ ...on, logLevel: 'info' });
    for (const value of ['true', 'True', '1']) {
      expect(read([], { [variable]: value })).toEqual(on);
    }
    for (const value of ['false', 'FALSE', '0', '']) {
      expect(read([], { [variable]: value })).toEqual(NONE_GIVEN);
    }
    expect(read([`${flag}=false`], { [variable]: 'true' })).toEqual(NONE_GIVEN);
    expect(read([`${flag}=0`], { [variable]: 'rubbish' })).toEqual(NONE_GIVEN);
  });

  it.each(TOGGLES)('%s does not accept a separate value, and rejects other values', (flag, variable) => {
    expect(readFlags(DAEMON_FLAGS, [flag, 'false'], {}).operands).toEqual(['false']);
    expect(refusal([`${flag}=yes`])).toBe(`${flag}: got "yes", expected true, 1, false, or 0`);
    expect(refusal([], { [variable]: 'perhaps' })).toBe(`${variable}: got "perhaps", expected true, 1, false, or 0`);
    expect(refusal([flag, flag])).toBe(`${flag} is given more than once`);
  });

  it('are undefined or have their defaults if they are not given', () => {
    expect(read([])).toEqual(NONE_GIVEN);
  });

  it.each(FLAGS)('%s accepts a value with = or as the next argument, and from %s', (flag, variable, value, meaning) => {
    const expected = { ...NONE_GIVEN, ...meaning };
    expect(read([`${flag}=${value}`])).toEqual(expected);
    expect(read([flag, value])).toEqual(expected);
    expect(read([], { [variable]: value })).toEqual(expected);
  });

  it.each(FLAGS)('%s has precedence over %s', (flag, variable, value, meaning) => {
    expect(read([`${flag}=${value}`], { [variable]: 'rubbish' })).toEqual({ ...NONE_GIVEN, ...meaning });
  });

  it.each(FLAGS)('%s requires a value', (flag) => {
    const message = expect.stringMatching(new RegExp(`^${flag} requires a value: ${flag}=[A-Z]+$`));
    expect(refusal([flag])).toEqual(message);
    expect(refusal([flag, '--log.level=info'])).toEqual(message);
  });

  it('ignore empty variables', () => {
    expect(read([], Object.fromEntries(FLAGS.map(([, variable]) => [variable, ''])))).toEqual(NONE_GIVEN);
  });

  it('ignore other variables (for example, those that Kubernetes sets for a Service of that name)', () => {
    const env = {
      NFM_EXPORTER_PORT: 'tcp://10.0.0.7:10049',
      NFM_EXPORTER_SERVICE_HOST: '10.0.0.7',
      NFM_EXPORTER_SERVICE_PORT: '10049',
      NFM_EXPORTER_PORT_10049_TCP: 'tcp://10.0.0.7:10049',
      NFM_EXPORTER_WEB_ENABLE: 'perhaps',
    };
    expect(read([], env)).toEqual(NONE_GIVEN);
  });

  it('accept several addresses: repeated, or separated by commas in the variable', () => {
    const listenAddresses = ['127.0.0.1:9100', '[::1]:9100', ':9101'];
    expect(read(listenAddresses.map((address) => `--web.listen-address=${address}`))).toMatchObject({
      listenAddresses,
    });
    expect(read([], { NFM_EXPORTER_WEB_LISTEN_ADDRESS: listenAddresses.join(', ') })).toMatchObject({
      listenAddresses,
    });
  });

  it('select a shard with its number and the number of all, from flags, variables, or both', () => {
    const shard = { shard: { ordinal: 1, total: 3 } };
    expect(read(['--shard=1', '--total-shards=3'])).toMatchObject(shard);
    expect(read(['--shard=1'], { NFM_EXPORTER_TOTAL_SHARDS: '3' })).toMatchObject(shard);
    expect(read([], { NFM_EXPORTER_SHARD: '1', NFM_EXPORTER_TOTAL_SHARDS: '3' })).toMatchObject(shard);
    expect(read([], { NFM_EXPORTER_SHARD: '0', NFM_EXPORTER_TOTAL_SHARDS: '1' })).toEqual(NONE_GIVEN);
  });

  it.each([
    [['--shard=0'], '--shard requires --total-shards (or NFM_EXPORTER_TOTAL_SHARDS)'],
    [['--total-shards=2'], '--total-shards requires --shard (or NFM_EXPORTER_SHARD)'],
    [['--shard=2', '--total-shards=2'], '--shard: got "2", expected a number below 2, the number of shards'],
    [['--shard=-1', '--total-shards=2'], '--shard: got "-1", expected a whole number from 0 to 999'],
    [['--shard=', '--total-shards=2'], '--shard: got "", expected a whole number from 0 to 999'],
    [['--shard=a-0', '--total-shards=2'], '--shard: got "a-0", expected a whole number from 0 to 999'],
    [['--shard=0', '--total-shards=0'], '--total-shards: got "0", expected a whole number from 1 to 1000'],
    [['--shard=0', '--total-shards=1001'], '--total-shards: got "1001", expected a whole number from 1 to 1000'],
  ])('reject an incomplete or impossible shard: %s', (args, message) => {
    expect(refusal(args)).toBe(message);
  });

  it('give a route prefix precedence over the path of the external URL', () => {
    const args = ['--web.external-url=http://proxy.example/nfm'];
    expect(read([...args, '--web.route-prefix=/'])).toMatchObject({ routePrefix: '' });
    expect(read([...args, '--web.route-prefix='])).toMatchObject({ routePrefix: '' });
    expect(read([...args, '--web.route-prefix=other'])).toMatchObject({ routePrefix: '/other' });
    expect(read(args, { NFM_EXPORTER_WEB_ROUTE_PREFIX: '/env' })).toMatchObject({ routePrefix: '/env' });
  });

  it.each([
    ['--config.file', ''],
    ['--web.listen-address', '10049'],
    ['--web.listen-address', ':65536'],
    ['--web.listen-address', '::1:10049'],
    ['--web.listen-address', '256.0.0.1:10049'],
    ['--web.listen-address', ''],
    ['--web.telemetry-path', 'metrics'],
    ['--web.telemetry-path', '/'],
    ['--web.telemetry-path', '/api/v1/queries'],
    ['--web.telemetry-path', '/-/healthy'],
    ['--web.telemetry-path', '/metrics/:name'],
    ['--web.telemetry-path', '/a//b'],
    ['--web.route-prefix', '/a b'],
    ['--web.route-prefix', '/a//b'],
    ['--web.route-prefix', '//'],
    ['--web.route-prefix', '/a/../b'],
    ['--web.route-prefix', '/%61'],
    ['--web.route-prefix', '/größe'],
    ['--web.route-prefix', '/a?b'],
    ['--web.external-url', 'proxy.example'],
    ['--web.external-url', 'ftp://proxy.example'],
    ['--web.external-url', 'http://'],
    ['--web.external-url', 'http://proxy.example/?a=b'],
    ['--web.external-url', 'http://proxy.example/a%20b/'],
    ['--web.external-url', 'http://größe.example/'],
    ['--web.shutdown-timeout', '10'],
    ['--web.shutdown-timeout', '-1s'],
    ['--web.shutdown-timeout', '25d'],
    ['--log.level', 'INFO'],
    ['--log.format', 'text'],
  ])('%s rejects %j, and reports the flag or its variable', (flag, value) => {
    const message = `: got ${JSON.stringify(value)}, expected `;
    expect(refusal([`${flag}=${value}`])).toContain(flag + message);
    if (value !== '') {
      const variable = FLAGS.find(([name]) => name === flag)?.[1] ?? '';
      expect(refusal([], { [variable]: value })).toContain(variable + message);
    }
  });

  it('accept shutdown timeouts of zero and of the longest timer', () => {
    expect(read(['--web.shutdown-timeout=0s'])).toMatchObject({ shutdownTimeout: 0 });
    expect(read(['--web.shutdown-timeout=24d'])).toMatchObject({ shutdownTimeout: 24 * 86_400_000 });
  });

  it.each([
    ['--log.levle=info', 'unknown flag --log.levle; did you mean "--log.level"?'],
    ['-log.level=info', 'unknown flag -log.level; did you mean "--log.level"?'],
    ['--web.listen_address', 'unknown flag --web.listen_address; did you mean "--web.listen-address"?'],
    ['--no-log.level', 'unknown flag --no-log.level; did you mean "--log.level"?'],
    ['--web.enable-everything', 'unknown flag --web.enable-everything'],
    ['--port=10049', 'unknown flag --port'],
    ['--__proto__=x', 'unknown flag --__proto__'],
    ['-x', 'unknown flag -x'],
  ])('rejects %s', (arg, message) => {
    expect(refusal([arg])).toBe(message);
  });

  it('reject a second value if only one is allowed', () => {
    expect(refusal(['--log.level=info', '--log.level=info'])).toBe('--log.level is given more than once');
  });

  it('throw only usage errors for any arguments', () => {
    const word = fc.oneof(
      fc.constantFrom(...FLAGS.flatMap(([flag, , value]) => [flag, `${flag}=`, `${flag}=${value}`, value])),
      fc.constantFrom('-', '--', '---', '-=', '--=x', '--no-', ':', '/'),
      fc.string({ unit: anyCharacter }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (args) => {
        expect(() => refusal(args)).not.toThrow();
      }),
    );
  });
});
