import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { parseScenario } from 'network-flow-monitor-simulator';
import type { ReplicasView } from '../../http/app-options.ts';
import { type Clock, sleepUnlessAborted } from '../../lib/clock.ts';
import { withoutBrackets } from '../../lib/text.ts';
import type { DaemonFlags } from '../daemon-flags.ts';
import type { ProcessEvents } from '../process-events.ts';
import { startOnLoopback } from '../simulator.ts';
import { hostOf, useOnlyTheSimulator } from './demo.ts';
import { DEMO_FILES, makeDemoDirectory, shareStorage } from './directory.ts';
import { MemberProcess } from './member-process.ts';
import { startRegisterTable } from './register-table.ts';

export interface ReplicasDemoOptions {
  /** Number of members. */
  readonly count: number;
  readonly flags: DaemonFlags;
  /** Flags of the command line for each member. */
  readonly memberFlags: readonly string[];
  readonly clock: Clock;
  readonly writeError: (text: string) => void;
  readonly writeOut: (text: string) => void;
  readonly events: ProcessEvents;
}

/** Time from the start of the scenes to the kill, and from the takeover to the restart, in milliseconds. */
const KILL_AFTER_MS = 15_000;
const RESTART_AFTER_MS = 8_000;
const POLL_MS = 100;
const DEFAULT_ADDRESS = ':10049';

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
    const members = await membersOf(options, directory.configFile, env);
    return await play(members, options);
  } finally {
    table.close();
    await simulator.close();
  }
}

async function membersOf(
  { count, flags, memberFlags, writeError }: ReplicasDemoOptions,
  configFile: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly MemberProcess[]> {
  const [, host = '', first] = /^(.*):(\d+)$/.exec(flags.listenAddresses?.[0] ?? DEFAULT_ADDRESS) ?? [];
  const members: MemberProcess[] = [];
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    const port = Number(first) === 0 ? await freePort() : Number(first) + ordinal;
    const id = `replica-${ordinal}`;
    const address = hostOf(`${host === '' ? '0.0.0.0' : host}:${port}`);
    const url = `http://${address}${flags.routePrefix}`;
    members.push(
      new MemberProcess({
        id,
        url,
        args: ['serve', `--config.file=${configFile}`, `--web.listen-address=${host}:${port}`, ...memberFlags],
        env: { ...env, NFM_DEMO_REPLICA: id, NFM_DEMO_REPLICA_URL: url },
        writeError,
      }),
    );
  }
  return members;
}

/** Runs the members and the scenes until a signal, or until a member exits. */
async function play(members: readonly MemberProcess[], options: ReplicasDemoOptions): Promise<number> {
  const { events } = options;
  const ending = new AbortController();
  let start: (member: MemberProcess) => void = () => undefined;
  const failed = new Promise<'failed'>((resolve) => {
    start = (member) => member.start(() => resolve('failed'));
  });
  members.forEach(start);
  const scenes = new Takeover(members, start, options, ending.signal).play();
  events.onHangup(() => {
    for (const member of members) {
      member.signal('SIGHUP');
    }
  });
  const why = await Promise.race([events.ended, failed, scenes.then(() => Promise.race([events.ended, failed]))]);
  ending.abort();
  for (const member of members) {
    member.signal('SIGTERM');
  }
  await Promise.all([scenes, ...members.map(({ ended }) => ended)]);
  return why === 'failed' ? 1 : 0;
}

/** The scenes: the members, a kill of the leader, the takeover, and its restart. */
class Takeover {
  readonly #members: readonly MemberProcess[];
  readonly #start: (member: MemberProcess) => void;
  readonly #options: ReplicasDemoOptions;
  readonly #ending: AbortSignal;
  #started = 0;

  constructor(
    members: readonly MemberProcess[],
    start: (member: MemberProcess) => void,
    options: ReplicasDemoOptions,
    ending: AbortSignal,
  ) {
    this.#members = members;
    this.#start = start;
    this.#options = options;
    this.#ending = ending;
  }

  async play(): Promise<void> {
    const { clock, writeOut, flags } = this.#options;
    const metrics = flags.telemetryPath ?? '/metrics';
    const curl = ({ url }: MemberProcess, grep: string) => `Try: curl -s ${url}${metrics} | grep ${grep}`;
    const leader = await this.#leaderOf(this.#members, this.#members.length);
    if (leader === undefined) {
      return;
    }
    this.#started = clock.monotonic();
    writeOut(welcome(this.#members, leader, metrics));
    if (!(await sleepUnlessAborted(clock, KILL_AFTER_MS, this.#ending))) {
      return;
    }
    leader.signal('SIGKILL');
    const killed = clock.monotonic();
    this.#print(
      `The leader, ${leader.id}, is killed (kill -9), with its runs at the service. Another member follows within seconds.`,
    );
    const others = this.#members.filter((member) => member !== leader);
    const next = await this.#leaderOf(others, 1);
    if (next === undefined) {
      return;
    }
    const seconds = ((clock.monotonic() - killed) / 1_000).toFixed(1);
    this.#print(
      `${next.id} has taken the lead ${seconds}s after the kill, and follows the runs. ${curl(next, "-E 'replica_(leader|takeovers)'")}`,
    );
    if (!(await sleepUnlessAborted(clock, RESTART_AFTER_MS, this.#ending))) {
      return;
    }
    this.#start(leader);
    if ((await this.#leaderOf(this.#members, this.#members.length)) !== undefined) {
      this.#print(`${leader.id} is restarted, and is a standby. ${curl(leader, "-E 'replica_(leader|members)'")}`);
      writeOut('The demo continues. Press Ctrl-C to exit.\n');
    }
  }

  /** Waits until members name a living leader of theirs and see at least `count` members. Undefined if the demo ends. */
  async #leaderOf(members: readonly MemberProcess[], count: number): Promise<MemberProcess | undefined> {
    while (!this.#ending.aborted) {
      const views = await Promise.all(
        members.map((member) => member.get<ReplicasView>('/api/v1/replicas', this.#ending)),
      );
      const leaders = views.map((view) =>
        members.find(({ id }) => view && view.members.length >= count && view.leader?.id === id),
      );
      const [leader] = leaders;
      if (leader !== undefined && leaders.every((each) => each === leader)) {
        return leader;
      }
      await sleepUnlessAborted(this.#options.clock, POLL_MS, this.#ending);
    }
    return undefined;
  }

  #print(line: string): void {
    const { clock, writeOut } = this.#options;
    const seconds = Math.floor((clock.monotonic() - this.#started) / 1_000);
    writeOut(`[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${line}\n`);
  }
}

/** The text that the demo prints when all members run. */
function welcome(members: readonly MemberProcess[], leader: MemberProcess, metrics: string): string {
  const pages = members.map(
    ({ id, url }) => `  ${url}/   ${id}${id === leader.id ? ', the leader' : ', a standby: redirects to the leader'}\n`,
  );
  const tries = members.flatMap(({ url }) => [
    `  curl -s ${url}${metrics} | grep aws_nfm_replica_\n`,
    `  curl -s ${url}/api/v1/replicas\n`,
  ]);
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
