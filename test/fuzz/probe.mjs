// Requests /-/healthy of a daemon, and of an idle process beside it, every 20 ms, from a separate process.
// `node probe.mjs URL PID`; prints a line of JSON for each response of the daemon that took over 50 ms, and, once its
// standard input ends, one with the longest of all. `block` is the time without that in which a thread of the daemon, or
// this process, could have run but had no processor: the main thread waits for the others to collect garbage. It is at least
// the time that the main thread ran for.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
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

  /** @type {{ end: number, ms: number }[]} */
  const idleProbes = [];
  /** @param {number} since */
  const slowestIdle = (since) => Math.max(0, ...idleProbes.filter(({ end }) => end >= since).map(({ ms }) => ms));
  /**
   * Milliseconds that the main thread of a process has run, and that each thread was ready to run but waited for a processor.
   * @param {string | number | undefined} of
   */
  const timesOf = (of) => {
    let mainRan = 0;
    const waits = new Map();
    for (const thread of readdirSync(`/proc/${of}/task`)) {
      const [ran = 0, waited = 0] = readFileSync(`/proc/${of}/task/${thread}/schedstat`, 'utf8')
        .split(' ')
        .map((ns) => Number(ns) / 1e6);
      waits.set(thread, waited);
      mainRan = thread === String(of) ? ran : mainRan;
    }
    return { ran: mainRan, waits };
  };
  /**
   * What the thread has waited for that waited the longest.
   * @param {{ waits: Map<string, number> }} before
   * @param {{ waits: Map<string, number> }} after
   */
  const waitedBetween = (before, after) =>
    Math.max(...[...after.waits].map(([thread, waited]) => waited - (before.waits.get(thread) ?? 0)));
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
    const [begin, before, mineBefore] = [performance.now(), timesOf(pid), timesOf(process.pid)];
    await answered(`${url}/-/healthy`);
    const ms = performance.now() - begin;
    const [after, mine] = [timesOf(pid), timesOf(process.pid)];
    const ran = after.ran - before.ran;
    const block = Math.max(ran, ms - waitedBetween(before, after) - waitedBetween(mineBefore, mine));
    longest.probes += 1;
    longest.ms = Math.max(longest.ms, ms);
    longest.block = Math.max(longest.block, block);
    if (ms > 50) {
      console.log(JSON.stringify({ at: Date.now(), ms, block, ran, idle: slowestIdle(begin) }));
    }
  });
  const other = repeat(async () => {
    const begin = performance.now();
    await answered(idleUrl);
    const ms = performance.now() - begin;
    longest.idle = Math.max(longest.idle, ms);
    idleProbes.push({ end: begin + ms, ms });
    idleProbes.splice(0, idleProbes.length - 100);
  });
  process.stdin.resume().on('end', () => {
    console.log(JSON.stringify({ longest }));
    idle.kill();
    process.exit();
  });
  // The times of a daemon that has exited cannot be read; the parent process reports the exit.
  await Promise.all([daemon, other]).catch(() => process.exit(1));
}
