// Asks a daemon, and beside it a process that does nothing, for /-/healthy every 20 ms, from a process of its own.
// `node probe.mjs URL PID`; prints a line of JSON for each answer of the daemon that took over 50 ms, and, once its
// standard input ends, one with the longest of all. `block` is the time without that in which the daemon, or this process,
// could have run but had no processor.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { fileURLToPath } from 'node:url';

const [, , url, pid] = process.argv;

if (url === undefined) {
  const server = createServer((_request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    console.log(typeof address === 'object' ? address?.port : address);
  });
  process.stdin.resume().on('end', () => process.exit());
} else {
  const idle = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = await once(idle.stdout, 'data');
  const idleUrl = `http://127.0.0.1:${String(port).trim()}/`;
  const longest = { ms: 0, block: 0, idle: 0, probes: 0 };

  /** Milliseconds that the main threads of the daemon and of this process were ready to run, but waited for a processor. */
  const waited = () =>
    [pid, process.pid]
      .map((each) => Number(readFileSync(`/proc/${each}/task/${each}/schedstat`, 'utf8').split(' ')[1]) / 1e6)
      .reduce((sum, each) => sum + each);
  /** @param {string} address */
  const answered = (address) =>
    new Promise((resolve) => {
      get(address, { agent: false }, (response) => response.resume().on('end', resolve)).on('error', resolve);
    });
  /** @param {() => Promise<void>} probe */
  const repeat = async (probe) => {
    for (;;) {
      await probe();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  const daemon = repeat(async () => {
    const [begin, before] = [performance.now(), waited()];
    await answered(`${url}/-/healthy`);
    const ms = performance.now() - begin;
    const block = Math.max(0, ms - (waited() - before));
    longest.probes += 1;
    longest.ms = Math.max(longest.ms, ms);
    longest.block = Math.max(longest.block, block);
    if (ms > 50) {
      console.log(JSON.stringify({ at: Date.now(), ms, block }));
    }
  });
  const other = repeat(async () => {
    const begin = performance.now();
    await answered(idleUrl);
    longest.idle = Math.max(longest.idle, performance.now() - begin);
  });
  process.stdin.resume().on('end', () => {
    console.log(JSON.stringify({ longest }));
    idle.kill();
    process.exit();
  });
  // A daemon that is gone has no times to be read: whoever started this sees to that.
  await Promise.all([daemon, other]).catch(() => process.exit(1));
}
