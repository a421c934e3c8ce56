import { single } from '../config/reading/formats.ts';
import { didYouMean } from '../config/reading/nearest.ts';
import { readBuildInfo, readClient } from '../lib/build-info.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/log.ts';
import { describeRefusal } from '../lib/system-error.ts';
import type { LoadedWithFiles } from '../registry/load-with-files.ts';
import { DEMO_FLAGS, runDemoCommand, runServe } from './daemon-commands.ts';
import { DAEMON_FLAGS, fileName, readShard, SHARD_FLAGS } from './daemon-flags.ts';
import {
  describeFlags,
  type Flag,
  flag,
  readFlags,
  readGiven,
  refuseOperands,
  UsageError,
  variableOf,
} from './flags.ts';
import { handleProcessEvents, SYSTEM_HINT } from './process-events.ts';
import { QUERY_FLAGS, readQueryFlags } from './query/query-flags.ts';

const { env, stdout, stderr } = process;

/** A command imports its modules when it runs: those of the daemon take most of the startup time. */
interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Receives the arguments after the command's name. Returns the exit code. */
  run(args: readonly string[]): Promise<number>;
}

const SIMULATOR_FLAGS: readonly Flag[] = [
  flag('port=N', 'Port on the loopback address (default 0: any free port).'),
  flag(
    'scenario=FILE',
    'Scenario in YAML or JSON: credentials, queries, outcomes, and faults (default: a built-in one).',
  ),
];

const CHECK_CONFIG_FLAGS: readonly Flag[] = [
  flag('online', 'Check identities, monitors, scopes, and permissions with read-only calls to AWS.'),
  flag('strict', 'Treat warnings as errors.'),
  flag('verbose', 'Show each target, file, selector, and check, not only a summary.'),
  ...SHARD_FLAGS,
];

const IAM_POLICY_FLAGS: readonly Flag[] = [
  flag('trust', "Also print the trust policies of the accounts' roles."),
  ...SHARD_FLAGS,
];

const ADDRESS_FLAGS: readonly string[] = [
  'config.file',
  ...['listen-address', 'systemd-socket', 'config.file', 'route-prefix', 'external-url'].map((name) => `web.${name}`),
];

/** Flags of the daemon that determine its address. */
const HEALTHCHECK_FLAGS: readonly Flag[] = [
  flag('ready', 'Check /-/ready instead of /-/healthy.'),
  ...DAEMON_FLAGS.filter(({ name }) => ADDRESS_FLAGS.includes(name)),
];

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: 'nfm-exporter [serve] --config.file=FILE [flags]',
    summary: 'Run the exporter.',
    flags: DAEMON_FLAGS,
    run: runServe,
  },
  demo: {
    usage: 'nfm-exporter demo [--story | --replicas=N] [flags]',
    summary: 'Run the exporter against a built-in simulator, without an AWS account.',
    flags: DEMO_FLAGS,
    run: runDemoCommand,
  },
  simulator: {
    usage: 'nfm-exporter simulator [--port=N] [--scenario=FILE]',
    summary: 'Run the simulator alone, for any AWS client.',
    flags: SIMULATOR_FLAGS,
    run: runSimulatorCommand,
  },
  'check-config': {
    usage: 'nfm-exporter check-config [flags] FILE',
    summary: 'Check a configuration file, and print a summary.',
    flags: CHECK_CONFIG_FLAGS,
    run: runCheckConfig,
  },
  'iam-policy': {
    usage: 'nfm-exporter iam-policy [flags] FILE',
    summary: 'Print the least-privilege IAM policies for a configuration file.',
    flags: IAM_POLICY_FLAGS,
    run: runIamPolicy,
  },
  storage: {
    usage: 'nfm-exporter storage create FILE',
    summary: 'Create the table or the registers that replicas share, as the configuration file names them.',
    flags: [],
    run: runStorage,
  },
  healthcheck: {
    usage: 'nfm-exporter healthcheck [--ready] [flags]',
    summary: 'Check if a running exporter is healthy (exit code 0 or 1).',
    flags: HEALTHCHECK_FLAGS,
    run: runHealthcheck,
  },
  query: {
    usage: 'nfm-exporter query run|watch [flags]',
    summary: 'Start or watch one query, and print its contributors.',
    flags: QUERY_FLAGS,
    run: runQuery,
  },
};

/** Runs the command line. Returns the exit code: 0 success, 1 invalid configuration or failed startup, 2 invalid usage. */
export async function run(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const named = first !== undefined && Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined;
  try {
    if (first !== undefined && named === undefined && !first.startsWith('-')) {
      const known = Object.keys(COMMANDS);
      const meant = didYouMean(first, known) || `, expected one of ${known.join(', ')}`;
      throw new UsageError(`unknown command ${JSON.stringify(first)}${meant}`);
    }
    const args = named === undefined ? argv : rest;
    if (args.includes('--help') || args.includes('-h')) {
      stdout.write(named === undefined ? overview() : describe(named));
      return 0;
    }
    if (args.includes('--version')) {
      const { version, revision } = readBuildInfo();
      stdout.write(`nfm-exporter ${version} (revision ${revision}, node ${process.version}, ${readClient()})\n`);
      return 0;
    }
    return await (named?.run ?? runServe)(args);
  } catch (error) {
    if (error instanceof UsageError) {
      stderr.write(
        `nfm-exporter: ${error.message}\nSee nfm-exporter ${named === undefined ? '' : `${first} `}--help\n`,
      );
      return 2;
    }
    const refusal = describeRefusal(error);
    if (refusal !== undefined) {
      stderr.write(`nfm-exporter: ${refusal}: ${SYSTEM_HINT}\n`);
      return 1;
    }
    throw error;
  }
}

function overview(): string {
  const commands = Object.values(COMMANDS);
  const width = Math.max(...commands.map(({ usage }) => usage.length)) + 2;
  return [
    'Prometheus exporter for AWS Network Flow Monitor.\n',
    'Usage:',
    ...commands.map(({ usage, summary }) => `  ${usage.padEnd(width)}${summary}`),
    '  nfm-exporter --help | --version\n',
    'Flags of serve and demo:',
    describeFlags(DAEMON_FLAGS),
    `\nEach of these flags has an environment variable (for example, ${variableOf('config.file')}). Separate the`,
    `addresses in ${variableOf('web.listen-address')} with commas. Flags without a value accept true or false (for`,
    'example, --web.enable-lifecycle=false).',
    'Precedence: flags, environment variables, configuration file, defaults.\n',
  ].join('\n');
}

function describe({ usage, summary, flags }: Command): string {
  const described = flags.length === 0 ? '' : `\nFlags:\n${describeFlags(flags)}\n`;
  return `Usage: ${usage}\n\n${summary}\n${described}`;
}

const PORT = single('a number from 0 to 65535', (value) => {
  const port = Number(value);
  return /^\d{1,5}$/.test(String(value)) && port <= 65_535 ? port : undefined;
});

async function runSimulatorCommand(args: readonly string[]): Promise<number> {
  const values = readFlags(SIMULATOR_FLAGS, args, undefined);
  refuseOperands(values.operands);
  const port = readGiven(values.text('port'), PORT) ?? 0;
  const scenarioFile = readGiven(values.text('scenario'), fileName);
  const write = (text: string) => stderr.write(text);
  const log = createLogger({ level: 'info', format: 'logfmt', clock: systemClock, write });
  const { ended } = handleProcessEvents(log, 'ends');
  const { runSimulator } = await import('./simulator.ts');
  return runSimulator({ port, scenarioFile, log, clock: systemClock, ended });
}

async function configOf(command: string, operands: readonly string[]) {
  const file = onlyFile(command, operands);
  const { fallbackRegion } = await import('../aws/credentials/fallback-region.ts');
  return { file, fallbackRegion, env, stdout, stderr };
}

async function runCheckConfig(args: readonly string[]): Promise<number> {
  const values = readFlags(CHECK_CONFIG_FLAGS, args, env);
  const shard = readShard(values);
  const shown = { strict: values.on('strict'), verbose: values.on('verbose') };
  const common = { ...(await configOf('check-config', values.operands)), ...shown };
  const { checkConfig } = await import('./check/check-config.ts');
  const callAws = async (loaded: LoadedWithFiles): Promise<boolean> => {
    const { checkOnline } = await import('./check/online-check.ts');
    return checkOnline({ ...common, loaded, version: readBuildInfo().version, clock: systemClock });
  };
  return checkConfig({ ...common, shard, online: values.on('online') ? callAws : undefined });
}

async function runIamPolicy(args: readonly string[]): Promise<number> {
  const values = readFlags(IAM_POLICY_FLAGS, args, env);
  const shard = readShard(values);
  const common = await configOf('iam-policy', values.operands);
  const { printIamPolicy } = await import('./iam-policies.ts');
  return printIamPolicy({ ...common, shard, trust: values.on('trust') });
}

async function runStorage(args: readonly string[]): Promise<number> {
  const [action, ...operands] = readFlags([], args, undefined).operands;
  if (action !== 'create') {
    throw new UsageError(`storage requires create, got ${action === undefined ? 'nothing' : JSON.stringify(action)}`);
  }
  const common = await configOf('storage create', operands);
  const { createStorage } = await import('./create-storage.ts');
  return createStorage({ ...common, version: readBuildInfo().version, clock: systemClock });
}

function onlyFile(command: string, operands: readonly string[]): string {
  const [file, ...more] = operands;
  if (file === undefined || more.length > 0) {
    throw new UsageError(`${command} requires exactly one file, got ${operands.length}`);
  }
  if (file === '') {
    throw new UsageError(`${command}: got "", expected the name of a file`);
  }
  return file;
}

async function runHealthcheck(args: readonly string[]): Promise<number> {
  const values = readFlags(HEALTHCHECK_FLAGS, args, env);
  refuseOperands(values.operands);
  const { runHealthcheckCommand } = await import('./healthcheck.ts');
  return runHealthcheckCommand(values, systemClock);
}

async function runQuery(args: readonly string[]): Promise<number> {
  const request = readQueryFlags(readFlags(QUERY_FLAGS, args, undefined), systemClock.now());
  const { runQueryCommand } = await import('./query/command.ts');
  return runQueryCommand({ request, version: readBuildInfo().version, env, clock: systemClock });
}
