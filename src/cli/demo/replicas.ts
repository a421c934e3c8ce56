import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { parseScenario } from 'network-flow-monitor-simulator';
import type { ReplicasView } from '../../http/app-options.ts';
import { type Clock, sleepUnlessAborted } from '../../lib/clock.ts';
import { withoutBrackets } from '../../lib/text.ts';
import { startOnLoopback } from '../simulator.ts';
import { type DemoOptions, hostOf, useOnlyTheSimulator } from './demo.ts';
import { DEMO_FILES, makeDemoDirectory, shareStorage } from './directory.ts';
import { startRegisterTable } from './register-table.ts';
import { minutes } from './story.ts';

export interface ReplicasDemoOptions extends Omit<DemoOptions, 'story' | 'agentsAddress'> {
  readonly count: number;
  readonly memberFlags: readonly string[];
}

/** Time from the start of the scenes to the kill, and from the takeover to the restart, in milliseconds. */
const KILL_AFTER_MS = 15_000;
const RESTART_AFTER_MS = 8_000;
const POLL_MS = 100;
const DEFAULT_ADDRESS = ':10049';

/** Ends a member if the demo is killed, so that no process is left. */
const ENDS_WITH_DEMO =
  'data:text/javascript,process.once("disconnect",()=>process.kill(process.pid,"SIGTERM"));process.channel.unref()';

/** One of the exporters of the demo, in a process of its own that can be killed and restarted. */
interface Member {
  /** `replicas.id` of the member. */
  readonly id: string;
  /** URL of its pages, without a slash at the end. */
  readonly url: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  process?: ChildProcess;
  /** Resolves when the last started process has exited. */
  ended?: Promise<unknown>;
}

/**
 * Runs members of a group of replicas, each in a process of its own, against one simulator and one table in this process, until
 * a signal. The leader is killed once, and restarted after the takeover.
 *
 * @returns the exit code: 1 if a member has exited unexpectedly
 * @throws StartError if the machine has no loopback address, or no directory for temporary files
 */
export async function runReplicasDemo(options: ReplicasDemoOptions): Promise<number> {
  const { clock, writeOut } = options;
  const scenario = parseScenario(await readFile(new URL('scenario.yml', DEMO_FILES), 'utf8'));
  const simulator = await startOnLoopback({ scenario, clock });
  const table = await startRegisterTable(withoutBrackets(new URL(simulator.url).hostname));
  try {
    const directory = await makeDemoDirectory(writeOut);
    await shareStorage(directory.configFile);
    useOnlyTheSimulator(process.env, simulator.url);
    const env = {
      ...withoutProxies(process.env),
      NFM_SIMULATOR: simulator.url,
      NFM_DEMO_FOLDER: directory.path,
      NFM_DEMO_TABLE: table.url,
    };
    return await play(await membersOf(options, directory.configFile, env), options);
  } finally {
    table.close();
    await simulator.close();
  }
}

async function membersOf(
  { count, flags, memberFlags }: ReplicasDemoOptions,
  configFile: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly Member[]> {
  const [, host = '', first] = /^(.*):(\d+)$/.exec(flags.listenAddresses?.[0] ?? DEFAULT_ADDRESS) ?? [];
  const members: Member[] = [];
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    const port = Number(first) === 0 ? await freePort() : Number(first) + ordinal;
    const id = `replica-${ordinal}`;
    const url = `http://${hostOf(`${host === '' ? '0.0.0.0' : host}:${port}`)}${flags.routePrefix}`;
    members.push({
      id,
      url,
      args: ['serve', `--config.file=${configFile}`, `--web.listen-address=${host}:${port}`, ...memberFlags],
      env: { ...env, NFM_DEMO_REPLICA: id, NFM_DEMO_REPLICA_URL: url },
    });
  }
  return members;
}

/** Runs the members and the scenes until a signal, or until a member exits. */
async function play(members: readonly Member[], options: ReplicasDemoOptions): Promise<number> {
  const { events, writeError } = options;
  const ending = new AbortController();
  let fail: () => void = () => undefined;
  const failed = new Promise<'failed'>((resolve) => {
    fail = () => resolve('failed');
  });
  const start = (member: Member) => startMember(member, writeError, fail);
  const signal = (name: NodeJS.Signals) => members.map((member) => member.process?.kill(name));
  members.forEach(start);
  const scenes = playScenes(members, start, options, ending.signal);
  events.onHangup(() => signal('SIGHUP'));
  const why = await Promise.race([events.ended, failed, scenes.then(() => Promise.race([events.ended, failed]))]);
  ending.abort();
  signal('SIGTERM');
  await Promise.all([scenes, ...members.map(({ ended }) => ended)]);
  return why === 'failed' ? 1 : 0;
}

/** Starts the process of a member. `exited` is called at its exit, unless it was killed. */
function startMember(member: Member, writeError: (text: string) => void, exited: () => void): void {
  const { id, args, env } = member;
  const child = fork(process.argv[1] ?? '', args, {
    env,
    execArgv: [...process.execArgv, '--import', ENDS_WITH_DEMO],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Ctrl-C in a terminal must reach the demo only: a second signal would end a member at once.
    detached: true,
  });
  if (child.stderr !== null) {
    createInterface(child.stderr).on('line', (line) => writeError(`${labeled(line, id)}\n`));
  }
  member.process = child;
  member.ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
      if (child.signalCode !== 'SIGKILL') {
        exited();
      }
    });
  });
}

function labeled(line: string, id: string): string {
  return line.startsWith('{') ? `${line.slice(0, -1)},"replica":"${id}"}` : `${line} replica=${id}`;
}

/** The scenes: the members, a kill of the leader, the takeover, and its restart. */
async function playScenes(
  members: readonly Member[],
  start: (member: Member) => void,
  { clock, writeOut, flags }: ReplicasDemoOptions,
  ending: AbortSignal,
): Promise<void> {
  const metrics = flags.telemetryPath ?? '/metrics';
  const curl = ({ url }: Member, grep: string) => `Try: curl -s ${url}${metrics} | grep ${grep}`;
  const leader = await leaderOf(members, members.length, clock, ending);
  if (leader === undefined) {
    return;
  }
  const started = clock.monotonic();
  const print = (line: string) => {
    const seconds = Math.floor((clock.monotonic() - started) / 1_000);
    writeOut(`[${minutes(seconds * 1_000)}] ${line}\n`);
  };
  writeOut(welcome(members, leader, metrics));
  if (!(await sleepUnlessAborted(clock, KILL_AFTER_MS, ending))) {
    return;
  }
  leader.process?.kill('SIGKILL');
  const killed = clock.monotonic();
  print(
    `The leader, ${leader.id}, is killed (kill -9), with its runs at the service. Another member follows within seconds.`,
  );
  const others = members.filter((member) => member !== leader);
  const next = await leaderOf(others, 1, clock, ending);
  if (next === undefined) {
    return;
  }
  const seconds = ((clock.monotonic() - killed) / 1_000).toFixed(1);
  const grep = "-E 'replica_(leader|takeovers)'";
  print(`${next.id} has taken the lead ${seconds}s after the kill, and follows the runs. ${curl(next, grep)}`);
  if (!(await sleepUnlessAborted(clock, RESTART_AFTER_MS, ending))) {
    return;
  }
  start(leader);
  if ((await leaderOf(members, members.length, clock, ending)) !== undefined) {
    print(`${leader.id} is restarted, and is a standby. ${curl(leader, "-E 'replica_(leader|members)'")}`);
    writeOut('The demo continues. Press Ctrl-C to exit.\n');
  }
}

/** Waits until members name a living leader of theirs and see at least `count` members. Undefined if the demo ends. */
async function leaderOf(members: readonly Member[], count: number, clock: Clock, ending: AbortSignal) {
  while (!ending.aborted) {
    const views = await Promise.all(members.map((member) => viewOf(member, ending)));
    const [leader, ...others] = views.map((view) =>
      members.find(({ id }) => view && view.members.length >= count && view.leader?.id === id),
    );
    if (leader !== undefined && others.every((other) => other === leader)) {
      return leader;
    }
    await sleepUnlessAborted(clock, POLL_MS, ending);
  }
  return undefined;
}

/** Returns the replicas as a member sees them, or undefined if it does not respond. */
async function viewOf({ url }: Member, signal: AbortSignal): Promise<ReplicasView | undefined> {
  try {
    const response = await fetch(`${url}/api/v1/replicas`, { signal });
    const view: ReplicasView = JSON.parse(await response.text());
    return response.ok ? view : undefined;
  } catch {
    return undefined;
  }
}

/** The text that the demo prints when all members run. */
function welcome(members: readonly Member[], leader: Member, metrics: string): string {
  const pages = members.map(
    ({ id, url }) => `  ${url}/   ${id}${id === leader.id ? ', the leader' : ', a standby: redirects to the leader'}\n`,
  );
  const tries = members.map(
    ({ url }) => `  curl -s ${url}${metrics} | grep aws_nfm_replica_\n  curl -s ${url}/api/v1/replicas\n`,
  );
  return `
Network Flow Monitor exporter, demo with ${members.length} replicas on a table in memory

Pages for your browser:
${pages.join('')}
Commands to try:
${tries.join('')}
Press Ctrl-C to exit. The leader is killed after ${KILL_AFTER_MS / 1_000}s. Each line shows the time, the event, and a command that shows its effect:

`;
}

/** The environment without variables that would divert members from the simulator. */
function withoutProxies(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/_proxy$|^nfm_exporter_/i.test(name)));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
