import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { CLEAN_ENVIRONMENT, runCommand, startCommand } from '../support/process.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const directory = temporaryFolderOfFile();

function write(name: string, content: unknown): string {
  const file = join(directory, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const PROXY_PASSWORD = 'canary-proxy-password';
const SECRETS = {
  AWS_SECRET_ACCESS_KEY: 'canary-secret-access-key',
  AWS_SESSION_TOKEN: 'canary-session-token',
  CANARY: 'canary-in-the-config',
};
/** The secrets, also as they appear in headers. */
const CANARIES = [...Object.values(SECRETS), PROXY_PASSWORD, Buffer.from(`user:${PROXY_PASSWORD}`).toString('base64')];

function expectNoCanary(where: string, text: string): void {
  expect(
    CANARIES.filter((canary) => text.includes(canary)),
    `${where}:\n${text}`,
  ).toEqual([]);
}

/** A proxy that responds to every request with an error that repeats the request headers, as errors of AWS do. */
async function startTalkativeProxy({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) {
  const seen: string[] = [];
  const proxy = createServer((request, response) => {
    const headers = request.rawHeaders
      .map((text, i) => (i % 2 === 0 ? `${text.toLowerCase()}:` : `${text}\n`))
      .join('');
    seen.push(headers);
    response.writeHead(403, { 'Content-Type': 'application/json', 'x-amzn-errortype': 'InvalidSignatureException' });
    response.end(JSON.stringify({ message: `The canonical request should have been\n'POST\n/\n${headers}'` }));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { seen, url: `http://user:${PROXY_PASSWORD}@127.0.0.1:${port}` };
}

describe.concurrent('secrets', () => {
  it.for(['logfmt', 'json'])('are not on any page or in any log message of the daemon (%s)', async (format, scope) => {
    const proxy = await startTalkativeProxy(scope);
    const file = write(`${format}.json`, {
      aws: {
        region: 'us-east-1',
        endpoint: 'http://nfm.invalid',
        stsEndpoint: 'http://sts.invalid',
        maxAttempts: 1,
      },
      web: { listenAddresses: ['127.0.0.1:0'] },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the form that the file uses
      queries: [{ name: 'q', monitorName: 'm', queryId: 'i', interval: '1s', labels: { team: '${TEAM}' } }],
      'x-unused': SECRETS.CANARY,
    });
    const exporter = startCommand(scope, [`--config.file=${file}`, '--log.level=debug', `--log.format=${format}`], {
      ...CLEAN_ENVIRONMENT,
      ...SECRETS,
      TEAM: 'payments',
      HTTP_PROXY: proxy.url,
    });
    const url = await exporter.url();
    await Promise.all([exporter.event('query failed'), exporter.event('AWS identity not resolved')]);
    const pages = [
      '/',
      '/metrics',
      '/api/v1/queries',
      '/api/v1/queries/q',
      '/api/openapi.json',
      '/-/ready',
      '/nothing',
    ];
    for (const page of pages) {
      expectNoCanary(page, await (await fetch(url + page)).text());
    }
    exporter.kill('SIGTERM');
    const { code, stderr, stdout } = await exporter.ended;
    expect(code).toBe(0);
    expectNoCanary('log', stderr + stdout);
    expect(stderr).toContain('InvalidSignatureException');
    // The proxy has received the secrets.
    const headers = proxy.seen.join('');
    expect(headers).toContain(`x-amz-security-token:${SECRETS.AWS_SESSION_TOKEN}\n`);
    expect(headers).toContain('proxy-authorization:Basic ');
  });

  it('are not in errors about a configuration that reads them from the environment', async (scope) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form that the file uses
    const canary = '${CANARY}';
    const file = write('bad.json', {
      aws: { region: canary, endpoint: `http://user:${canary}@nfm.invalid`, maxAttempts: canary },
      accounts: [
        {
          name: `${canary}!`,
          regions: [canary],
          roleArn: canary,
          roleSessionName: `${canary}!`,
          profile: `${canary}\n`,
        },
        { name: 'role', externalId: SECRETS.CANARY, sessionTags: { purpose: SECRETS.CANARY, owner: [SECRETS.CANARY] } },
      ],
      polling: { interval: canary },
      log: { level: canary },
      web: { listenAddresses: [canary], telemetryPath: canary },
      queries: [{ name: `${canary} `, account: canary, monitorName: `${canary}/`, queryId: 'i', interval: canary }],
    });
    const env = { ...CLEAN_ENVIRONMENT, ...SECRETS };
    const [check, serve] = await Promise.all([
      runCommand(scope, ['check-config', file], env),
      runCommand(scope, [`--config.file=${file}`], env),
    ]);
    for (const { code, stdout, stderr } of [check, serve]) {
      expect(code).toBe(1);
      expect(stderr).toContain('polling.interval');
      expectNoCanary('stderr', stderr + stdout);
    }
  });

  it('are not in the summary of check-config', async (scope) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the form that the file uses
    const canary = '${CANARY}';
    const queries = [1, 2].map((i) => ({ name: `q${i}`, monitorName: 'm', queryId: canary, labels: { team: canary } }));
    const file = write('good.json', { aws: { region: 'us-east-1' }, queries });
    const { code, stdout, stderr } = await runCommand(scope, ['check-config', file], {
      ...CLEAN_ENVIRONMENT,
      ...SECRETS,
    });
    expect(code).toBe(0);
    expect(stdout).toContain('warnings: 1\n  queries[1].queryId');
    expectNoCanary('summary', stdout + stderr);
  });
});
