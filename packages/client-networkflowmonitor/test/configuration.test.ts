import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListScopesCommand, type NetworkFlowMonitorClientConfig } from '@aws-sdk/client-networkflowmonitor';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CREDENTIALS, createClient, type Received, type Service, serve } from './service.ts';

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) {
      vi.stubEnv(name, undefined);
    }
  }
  // Tests must not call the instance metadata service or read the user's files.
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Sets shared configuration files with this text. */
async function sharedFiles(config: string, credentials = ''): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'client-networkflowmonitor-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [variable, name, text] of [
    ['AWS_CONFIG_FILE', 'config', config],
    ['AWS_SHARED_CREDENTIALS_FILE', 'credentials', credentials],
  ] as const) {
    const path = join(folder, name);
    await writeFile(path, text);
    vi.stubEnv(variable, path);
  }
}

/** Sends a request, and returns it as it was received. */
async function send(service: Service, config: NetworkFlowMonitorClientConfig): Promise<Received | undefined> {
  await createClient(config).send(new ListScopesCommand());
  return service.received.at(-1);
}

function credentialScope(request: Received | undefined): string | undefined {
  return /Credential=([^,]+),/.exec(request?.headers['authorization'] ?? '')?.[1]?.replace(/\/\d{8}\//, '/');
}

describe('region', () => {
  test('from the environment, then the profile', async () => {
    const service = await serve({});
    await sharedFiles('[default]\nregion = eu-north-1\n[profile p]\nregion = eu-south-1\n');
    const config = { endpoint: service.url, credentials: CREDENTIALS };
    const scope = async (more = {}) => credentialScope(await send(service, { ...config, ...more }));
    expect(await scope()).toBe('AKIAEXAMPLE/eu-north-1/networkflowmonitor/aws4_request');
    expect(await scope({ profile: 'p' })).toContain('/eu-south-1/');
    vi.stubEnv('AWS_PROFILE', 'p');
    expect(await scope()).toContain('/eu-south-1/');
    vi.stubEnv('AWS_REGION', 'sa-east-1');
    expect(await scope()).toContain('/sa-east-1/');
    expect(await scope({ region: 'us-east-2' })).toContain('/us-east-2/');
    expect(await scope({ region: async () => 'us-west-2' })).toContain('/us-west-2/');
  });

  test('missing, which is an error that reports it', async () => {
    const client = createClient({ credentials: CREDENTIALS });
    await expect(client.send(new ListScopesCommand())).rejects.toThrow('Region is missing');
  });
});

describe('endpoint', () => {
  const FILE = (services: string, profile: string) => `
[default]
services = local
endpoint_url = ${profile}
[services local]
networkflowmonitor =
  endpoint_url = ${services}
`;

  test('argument, service variable, general variable, services section, profile: in this order', async () => {
    const [argument, serviceVariable, variable, section, profile] = await Promise.all([
      serve({}),
      serve({}),
      serve({}),
      serve({}),
      serve({}),
    ]);
    const reached = async (expected: Service, more = {}) => {
      const before = expected.received.length;
      await createClient({ region: 'eu-west-1', credentials: CREDENTIALS, ...more }).send(new ListScopesCommand());
      expect(expected.received).toHaveLength(before + 1);
    };
    await sharedFiles(`[default]\nendpoint_url = ${profile.url}\n`);
    await reached(profile);
    await sharedFiles(FILE(section.url, profile.url));
    await reached(section);
    vi.stubEnv('AWS_ENDPOINT_URL', variable.url);
    await reached(variable);
    vi.stubEnv('AWS_ENDPOINT_URL_NETWORK_FLOW_MONITOR', profile.url);
    await reached(variable);
    vi.stubEnv('AWS_ENDPOINT_URL_NETWORKFLOWMONITOR', serviceVariable.url);
    await reached(serviceVariable);
    await reached(argument, { endpoint: argument.url });
  });

  test('a path in the variable is a prefix', async () => {
    const service = await serve({});
    vi.stubEnv('AWS_ENDPOINT_URL_NETWORKFLOWMONITOR', `${service.url}/a/b`);
    const request = await send(service, { region: 'eu-west-1', credentials: CREDENTIALS });
    expect(request?.target).toBe('/a/b/scopes');
  });

  test('AWS_USE_FIPS_ENDPOINT rejects a configured endpoint', async () => {
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    const client = createClient({ region: 'eu-west-1', credentials: CREDENTIALS });
    await expect(client.send(new ListScopesCommand())).rejects.toThrow('FIPS and custom endpoint are not supported');
  });
});

describe('attempts', () => {
  const attempts = async (more: NetworkFlowMonitorClientConfig = {}) => {
    const service = await serve({ status: 500, body: { message: 'failed' } });
    const config = { region: 'eu-west-1', endpoint: service.url, credentials: CREDENTIALS };
    await expect(createClient({ ...config, ...more }).send(new ListScopesCommand())).rejects.toThrow('failed');
    return service.received.length;
  };

  test('3, or of the profile, the environment, the argument', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.01);
    expect(await attempts()).toBe(3);
    await sharedFiles('[default]\nmax_attempts = 4\n');
    expect(await attempts()).toBe(4);
    vi.stubEnv('AWS_MAX_ATTEMPTS', '2');
    expect(await attempts()).toBe(2);
    expect(await attempts({ maxAttempts: 1 })).toBe(1);
  });

  test('the retry mode comes from the profile, the environment, the argument', async () => {
    const feature = async (config: NetworkFlowMonitorClientConfig = {}) => {
      const service = await serve({});
      const request = await send(service, {
        region: 'eu-west-1',
        endpoint: service.url,
        credentials: CREDENTIALS,
        ...config,
      });
      return / m\/(?:\w,)*([EF])(?:,|$)/.exec(request?.headers['user-agent'] ?? '')?.[1];
    };
    expect(await feature()).toBe('E');
    await sharedFiles('[default]\nretry_mode = adaptive\n');
    expect(await feature()).toBe('F');
    vi.stubEnv('AWS_RETRY_MODE', 'standard');
    expect(await feature()).toBe('E');
    expect(await feature({ retryMode: 'adaptive' })).toBe('F');
  });
});

describe('credentials', () => {
  test('of the environment', async () => {
    const service = await serve({});
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'session');
    const request = await send(service, { region: 'eu-west-1', endpoint: service.url });
    expect(credentialScope(request)).toBe('AKIAENV/eu-west-1/networkflowmonitor/aws4_request');
    expect(request?.headers['x-amz-security-token']).toBe('session');
  });

  test('of the credentials file, by profile', async () => {
    const service = await serve({});
    await sharedFiles(
      '',
      '[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n[p]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n',
    );
    const config = { region: 'eu-west-1', endpoint: service.url };
    expect(credentialScope(await send(service, config))).toContain('AKIADEFAULT/');
    expect(credentialScope(await send(service, { ...config, profile: 'p' }))).toContain('AKIAPROFILE/');
  });

  test('missing, which is an error that names the providers', async () => {
    const service = await serve({});
    const client = createClient({ region: 'eu-west-1', endpoint: service.url });
    await expect(client.send(new ListScopesCommand())).rejects.toMatchObject({ name: 'CredentialsProviderError' });
    expect(service.received).toEqual([]);
  });
});

test('the user agent names the package, the service and the application', async () => {
  const service = await serve({});
  vi.stubEnv('AWS_SDK_UA_APP_ID', 'my-app');
  const request = await send(service, {
    region: 'eu-west-1',
    endpoint: service.url,
    credentials: CREDENTIALS,
    customUserAgent: [['nfm-exporter', '1.2.3']],
  });
  const userAgent = request?.headers['user-agent'];
  // A version of its own, because package.json has the version of AWS's package.
  expect(userAgent).toMatch(/^aws-sdk-js\/0\.1\.0 /);
  expect(userAgent).toContain(' api/networkflowmonitor#0.1.0 ');
  expect(userAgent).toContain(' app/my-app');
  expect(userAgent).toContain(' nfm-exporter/1.2.3');
});
