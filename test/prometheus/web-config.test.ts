import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { tlsFixture } from '../aws/local-network.ts';
import { ask, FIRST_TLS, SECRET_2Y } from '../http/secure-exporter.ts';
import { runCommand, startCommand } from '../support/process.ts';
import { PROJECT, run } from '../support/project.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const EXAMPLE = `${PROJECT}config/web-config.example.yml`;

function write(name: string, content: unknown): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
}

const exporterConfig = () => write('nfm-exporter.yml', { web: { listenAddresses: ['127.0.0.1:0'] } });

it('is scraped by Prometheus over TLS, with a client certificate and a password', {
  timeout: 40_000,
}, async (scope) => {
  const webConfig = write('web-config.yml', {
    tls_server_config: {
      ...FIRST_TLS,
      client_auth_type: 'RequireAndVerifyClientCert',
      client_ca_file: tlsFixture('client-authority.pem'),
    },
    basic_auth_users: { prometheus: SECRET_2Y },
  });
  expect(run('promtool', ['check', 'web-config', webConfig])).toMatchObject({ status: 0 });
  const exporter = startCommand(scope, [`--config.file=${exporterConfig()}`, `--web.config.file=${webConfig}`]);
  const { address, tls } = await exporter.event('listening');
  expect(tls).toBe('true');
  const prometheus = await startPrometheus(scope, [
    {
      job_name: 'nfm',
      scheme: 'https',
      tls_config: {
        ca_file: tlsFixture('first-authority.pem'),
        cert_file: tlsFixture('client.pem'),
        key_file: tlsFixture('client-key.pem'),
      },
      basic_auth: { username: 'prometheus', password: 'secret' },
      static_configs: [{ targets: [address] }],
    },
  ]);
  await vi.waitFor(
    async () => {
      expect(await prometheus.query('up{job="nfm"}')).toMatchObject([{ value: 1 }]);
    },
    { timeout: 30_000, interval: 200 },
  );
});

it('runs on the example, which promtool takes, too', async (scope) => {
  const folder = temporaryFolder();
  const webConfig = join(folder, 'web-config.yml');
  copyFileSync(EXAMPLE, webConfig);
  copyFileSync(FIRST_TLS.cert_file, join(folder, 'tls.crt'));
  copyFileSync(FIRST_TLS.key_file, join(folder, 'tls.key'));
  expect(run('promtool', ['check', 'web-config', webConfig])).toMatchObject({ status: 0 });
  const exporter = startCommand(scope, [`--config.file=${exporterConfig()}`], {
    PATH: process.env['PATH'] ?? '',
    NFM_EXPORTER_WEB_CONFIG_FILE: webConfig,
  });
  const { address } = await exporter.event('listening');
  const url = `https://${address}/metrics`;
  expect(await ask(url, { login: 'prometheus:example' })).toMatchObject({ status: 200 });
  expect(await ask(url)).toMatchObject({ status: 401 });
});

it('does not start with an invalid file, and reports all of its errors', async (scope) => {
  const webConfig = write('web-config.yml', {
    basic_auth_users: { a: 'canary' },
    tls_server_config: { cert_file: 'x' },
  });
  const { code, stderr } = await runCommand(scope, [
    `--config.file=${exporterConfig()}`,
    `--web.config.file=${webConfig}`,
  ]);
  expect(code).toBe(1);
  expect(
    stderr.match(new RegExp(`msg="invalid configuration" file=${webConfig} error="(?:basic|tls)_`, 'g')),
  ).toHaveLength(3);
  expect(stderr).not.toContain('canary');
  expect(stderr).not.toContain('listening');
});

it('reads the web configuration again on a reload, which fails if it is invalid', async (scope) => {
  const webConfig = write('web-config.yml', { basic_auth_users: { alice: SECRET_2Y } });
  const exporter = startCommand(scope, [`--config.file=${exporterConfig()}`, `--web.config.file=${webConfig}`]);
  const { address } = await exporter.event('listening');
  writeFileSync(webConfig, stringify({ basic_auth_users: { alice: 'canary' } }));
  exporter.kill('SIGHUP');
  const { error } = await exporter.event('configuration not reloaded');
  expect(error).toMatch(`${webConfig}: basic_auth_users.alice (line 2): got a hidden value, expected a bcrypt`);
  expect(await ask(`http://${address}/metrics`, { login: 'alice:secret' })).toMatchObject({
    status: 200,
    body: expect.stringContaining('aws_nfm_exporter_config_last_reload_successful 0\n'),
  });
  writeFileSync(webConfig, stringify({ basic_auth_users: { bob: SECRET_2Y } }));
  exporter.kill('SIGHUP');
  await exporter.event('configuration reloaded');
  expect(await ask(`http://${address}/metrics`, { login: 'bob:secret' })).toMatchObject({
    status: 200,
    body: expect.stringContaining('aws_nfm_exporter_config_last_reload_successful 1\n'),
  });
});
