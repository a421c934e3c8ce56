// Runs a short form of the tests on newer versions of Node.js, which npm installs in a temporary directory: the built daemon and
// its commands, the HTTP server with TLS and streams, storage, files that are watched, and calls to the service through proxies.
// Needs `npm run build`.
//
//   node scripts/other-nodes.mjs [MAJOR …]    by default, each version with long-term support after the oldest supported one

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const FILES = [
  'test/aws/network-proxy.test.ts',
  'test/aws/network-trust.test.ts',
  'test/aws/unusual-responses.test.ts',
  'test/cli/command-line.test.ts',
  'test/cli/simulator-command.test.ts',
  'test/cli/systemd-socket.test.ts',
  'test/config/formats.test.ts',
  'test/daemon/discovery-files.test.ts',
  'test/daemon/reload.test.ts',
  'test/http/event-stream.test.ts',
  'test/http/metrics-endpoint.test.ts',
  'test/http/server.test.ts',
  'test/http/tls.test.ts',
  'test/persistence/records.test.ts',
  'test/persistence/unreadable.test.ts',
];

const missing = FILES.filter((file) => !existsSync(join(PROJECT, file)));
if (missing.length > 0) {
  throw new Error(`no such test file: ${missing.join(', ')}. Correct FILES in scripts/other-nodes.mjs.`);
}
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];
const temporary = mkdtempSync(join(tmpdir(), 'nfm-exporter-nodes-'));
try {
  // Some tests start the daemon as another user.
  chmodSync(temporary, 0o755);
  const platform = `node-linux-${process.arch}`;
  const packages = majors.map((major) => `node${major}@npm:${platform}@${major}`);
  run('npm', [
    'install',
    '--prefix',
    temporary,
    '--no-save',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...packages,
  ]);
  for (const major of majors) {
    const node = join(temporary, `node_modules/node${major}/bin/node`);
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    if (!version.startsWith(`v${major}.`)) {
      throw new Error(`${platform}@${major} has Node.js ${version}`);
    }
    run(node, ['scripts/smoke.mjs']);
    run(node, ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=2', ...FILES]);
    process.stdout.write(`Node.js ${version}: passed after ${(performance.now() / 1000).toFixed(0)} s\n`);
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** @param {string} command @param {readonly string[]} args @throws {Error} if it fails */
function run(command, args) {
  execFileSync(command, args, { cwd: PROJECT, stdio: ['ignore', 'inherit', 'inherit'] });
}
