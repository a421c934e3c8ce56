import { single } from '../config/reading/formats.ts';
import { ConfigError } from '../config/reading/problem.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/log.ts';
import { LEAST_OPEN_FILES, openFileLimit, RAISE_OPEN_FILES } from '../lib/open-files.ts';
import { StartError } from '../lib/start-error.ts';
import { describeRefusal } from '../lib/system-error.ts';
import { targetsOfShard } from '../model/shard.ts';
import { DAEMON_FLAGS, type DaemonFlags, listenAddress, readDaemonFlags } from './daemon-flags.ts';
import {
  type Flag,
  type FlagValues,
  flag,
  readFlags,
  readGiven,
  refuseOperands,
  UsageError,
  variableOf,
} from './flags.ts';
import { handleProcessEvents, type ProcessEvents, SYSTEM_HINT } from './process-events.ts';

const AGENTS = 'agents.listen-address';

export const DEMO_FLAGS: readonly Flag[] = [
  ...DAEMON_FLAGS,
  flag('story', 'Play scripted incidents for four minutes, and print each event to standard output.'),
  flag(
    'replicas=N',
    'Run 2 or 3 replicas on consecutive ports, kill the leader, and print the takeover (default: one exporter).',
  ),
  flag(`${AGENTS}=ADDRESS`, 'Address of the metrics of simulated agents on instances, for Prometheus (default: none).'),
];

/** Flags of the demo that replicas do not have: they use the demo's own configuration, over HTTP. */
const NOT_OF_REPLICAS = [
  'story',
  'config.file',
  'web.config.file',
  'web.systemd-socket',
  'shard',
  'total-shards',
  AGENTS,
];

export async function runServe(args: readonly string[]): Promise<number> {
  const values = readFlags(DAEMON_FLAGS, args, process.env);
  refuseOperands(values.operands);
  const flags = readDaemonFlags(values);
  const { configFile } = flags;
  if (configFile === undefined) {
    throw new UsageError(`--config.file is required (or ${variableOf('config.file')})`);
  }
  return withConfig(flags, async (events) => {
    const { fallbackRegion } = await import('../aws/credentials/fallback-region.ts');
    const { loadConfigFile } = await import('../queries/load.ts');
    const { serve } = await import('./serve.ts');
    const read = { file: configFile, env: process.env, fallbackRegion, isOwn: targetsOfShard(flags.shard) };
    const loaded = await loadConfigFile(read);
    return serve({ flags, config: { loaded, read }, clock: systemClock, env: process.env, writeError, events });
  });
}

export async function runDemoCommand(args: readonly string[]): Promise<number> {
  const values = readFlags(DEMO_FLAGS, args, process.env);
  refuseOperands(values.operands);
  const flags = readDaemonFlags(values);
  const count = readReplicas(values);
  if (count !== undefined) {
    const passed = DAEMON_FLAGS.filter(({ name }) => name !== 'web.listen-address');
    const memberFlags = passed.flatMap(({ name }) => values.text(name)?.text.replace(/^/, `--${name}=`) ?? []);
    return withConfig(flags, async (events) => {
      const { runReplicasDemo } = await import('./demo/replicas.ts');
      return runReplicasDemo({ count, flags, memberFlags, clock: systemClock, writeError, writeOut, events });
    });
  }
  const agentsAddress = readGiven(values.text(AGENTS), listenAddress);
  return withConfig(flags, async (events) => {
    const { runDemo } = await import('./demo/demo.ts');
    const story = values.on('story');
    return runDemo({ flags, clock: systemClock, writeError, writeOut, events, story, agentsAddress });
  });
}

const COUNT = single('2 or 3', (value) => [2, 3].find((count) => String(count) === value));

/** @throws UsageError if the number is invalid, or if a flag has no effect on replicas */
function readReplicas(values: FlagValues): number | undefined {
  const count = readGiven(values.text('replicas'), COUNT);
  const other = count === undefined ? undefined : NOT_OF_REPLICAS.find(values.on);
  if (other !== undefined) {
    throw new UsageError(`--replicas cannot be combined with --${other}`);
  }
  return count;
}

/** Runs a command with the handlers of process events. Logs each error of the configuration in a line of its own. */
async function withConfig(flags: DaemonFlags, command: (events: ProcessEvents) => Promise<number>): Promise<number> {
  const format = flags.logFormat ?? 'logfmt';
  const log = createLogger({ level: 'info', format, clock: systemClock, write: writeError });
  const events = handleProcessEvents(log, 'reloads');
  const limit = openFileLimit();
  if (limit < LEAST_OPEN_FILES) {
    const reason = `the limit of open files is ${limit}; the exporter requires at least ${LEAST_OPEN_FILES}`;
    log.error('startup failed', { reason, hint: RAISE_OPEN_FILES });
    return 1;
  }
  try {
    // Throws if the directory was removed: libraries that load after the start depend on it.
    process.cwd();
    return await command(events);
  } catch (error) {
    if (error instanceof StartError) {
      log.error('startup failed', { error: error.name, reason: error.message });
      return 1;
    }
    const refusal = describeRefusal(error);
    if (refusal !== undefined) {
      log.error('startup failed', { reason: refusal, hint: SYSTEM_HINT });
      return 1;
    }
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    for (const { message } of error.problems) {
      log.error('invalid configuration', { file: error.file ?? flags.configFile, error: message });
    }
    return 1;
  }
}

const writeError = (text: string): boolean => process.stderr.write(text);
const writeOut = (text: string): boolean => process.stdout.write(text);
