// Starts the demo, waits until it is healthy, scrapes it until the status of a query is known, and ends it.
//
//   node scripts/smoke.mjs [--main=FILE]
//
//   --main    Program to run (default: dist/main.js, from `npm run build`)

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listening } from './listening.mjs';
import { scrapeUntil } from './scrape.mjs';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { values } = parseArgs({
  options: { main: { type: 'string', default: MAIN } },
});

const demo = spawn(process.execPath, [values.main, 'demo', '--web.listen-address=127.0.0.1:0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
try {
  const url = `http://${await listening(demo)}`;
  await scrapeUntil(`${url}/-/healthy`, /./);
  const page = await scrapeUntil(`${url}/metrics`, /^aws_nfm_query_status\{.*\} 1$/m);
  const [build] = page.match(/^aws_nfm_exporter_build_info.*/m) ?? [];
  demo.kill('SIGTERM');
  const [code] = await once(demo, 'exit');
  if (code !== 0) {
    throw new Error(`SIGTERM ended the demo with exit code ${code}`);
  }
  process.stdout.write(`demo: healthy, scraped, and ended by SIGTERM with exit code 0: ${build}\n`);
} finally {
  demo.kill('SIGKILL');
}
