// Starts the built demo, scrapes it until the status of a query is known, and ends it. Needs `npm run build`.
//
//   node scripts/smoke.mjs [--node=FILE]    FILE: the Node to run it with, by default this one

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listening } from './listening.mjs';
import { scrapeUntil } from './scrape.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });

const demo = spawn(values.node, [MAIN, 'demo', '--web.listen-address=127.0.0.1:0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
try {
  const url = `http://${await listening(demo)}/metrics`;
  const page = await scrapeUntil(url, /^aws_nfm_query_status\{.*\} 1$/m);
  const [build] = page.match(/^aws_nfm_exporter_build_info.*/m) ?? [];
  demo.kill('SIGTERM');
  const [code] = await once(demo, 'exit');
  if (code !== 0) {
    throw new Error(`SIGTERM has ended the demo with ${code}`);
  }
  process.stdout.write(`scraped, and ended by SIGTERM with exit code 0: ${build}\n`);
} finally {
  demo.kill('SIGKILL');
}
