import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ask } from '../support/api-client.ts';
import { setAwsEnvironment, TEST_CREDENTIALS } from '../support/daemon.ts';
import { runReloadedDaemon } from '../support/reloaded-daemon.ts';

const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/http-api.md', import.meta.url)), 'utf8');

/** A line such as `curl -X PUT -H 'If-Match: *' -d '{}' http://localhost:10049/path   # 201`. */
interface Example {
  readonly line: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly path: string;
  readonly status: number;
}

function examples(): readonly Example[] {
  return [...DOCUMENT.matchAll(/^curl .*$/gm)].map(([line]) => {
    const quoted = (flag: string) =>
      [...line.matchAll(new RegExp(` ${flag} '([^']*)'`, 'g'))].map(([, text = '']) => text);
    const headers = quoted('-H').map((header) => header.split(': ', 2) as [string, string]);
    const { path = '', status } = / http:\/\/localhost:10049(?<path>\S+) +# (?<status>\d{3})$/.exec(line)?.groups ?? {};
    return {
      line,
      method: / -X (\w+) /.exec(line)?.[1] ?? 'GET',
      headers: Object.fromEntries(headers),
      body: quoted('-d')[0],
      path,
      status: Number(status),
    };
  });
}

test('the examples of docs/http-api.md return the documented status', async (scope) => {
  setAwsEnvironment(TEST_CREDENTIALS);
  const config = { aws: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9', stsEndpoint: 'http://127.0.0.1:9' } };
  const { url } = await runReloadedDaemon(scope, config, { adminApi: true, lifecycle: true });
  const all = examples();
  expect(all.length).toBeGreaterThan(5);
  for (const { line, method, headers, body, path, status } of all) {
    const answer = await ask(url, method, path, { headers, ...(body === undefined ? {} : { body }) });
    expect(answer.status, line).toBe(status);
  }
});
