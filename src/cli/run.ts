import { ConfigError } from '../config/reading/problem.ts';
import { background } from '../lib/background.ts';
import { readBuildInfo } from '../lib/build-info.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/log.ts';
import { LEAST_OPEN_FILES, openFileLimit, RAISE_OPEN_FILES } from '../lib/open-files.ts';
import { StartError } from '../lib/start-error.ts';
import { describeRefusal } from '../lib/system-error.ts';
import type { LoadedWithFiles } from '../registry/load-with-files.ts';
import { DAEMON_FLAGS, type DaemonFlags, readDaemonFlags } from './daemon-flags.ts';
import {
  describeFlags,
  didYouMean,
  type Flag,
  type Given,
  readFlags,
  UsageError,
  variableOf,
  wrongValue,
} from './flags.ts';
import { handleProcessEvents, type ProcessEvents, SYSTEM_HINT } from './process-events.ts';
import { QUERY_FLAGS, readQueryFlags } from './query/query-flags.ts';

/** Each loads what it needs when it runs: the daemon's modules take most of the time that a start takes. */
interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Gets the arguments after the command's name; returns the exit code. */
  run(args: readonly string[]): Promise<number>;
}

const SIMULATOR_FLAGS: readonly Flag[] = [
  { name: 'port', kind: 'text', placeholder: 'N', help: 'Port on the loopback address. Default 0: any free one.' },
  {
    name: 'scenario',
    kind: 'text',
    placeholder: 'FILE',
    help: 'Credentials, queries, outcomes and faults (YAML or JSON).',
  },
];

const DEMO_FLAGS: readonly Flag[] = [
  ...DAEMON_FLAGS,
  { name: 'story', kind: 'switch', help: 'Play scenes for some minutes, and tell of each on standard output.' },
];

const CHECK_CONFIG_FLAGS: readonly Flag[] = [
  {
    name: 'online',
    kind: 'switch',
    help: 'Ask AWS, too: who am I, do monitors and scopes exist, may I do what the file needs. Starts and changes nothing.',
  },
  { name: 'strict', kind: 'switch', help: 'Warnings are errors.' },
  { name: 'verbose', kind: 'switch', help: 'Show each target, file, selector, and check, not only a summary.' },
];

const IAM_POLICY_FLAGS: readonly Flag[] = [
  { name: 'trust', kind: 'switch', help: "The trust policies of the accounts' roles, too." },
];

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: 'nfm-exporter [serve] --config.file=FILE [flags]',
    summary: 'the daemon',
    flags: DAEMON_FLAGS,
    run: runServe,
  },
  demo: {
    usage: 'nfm-exporter demo [--story] [flags]',
    summary: 'the daemon against an embedded simulator: no AWS account, no config needed',
    flags: DEMO_FLAGS,
    run: runDemoCommand,
  },
  simulator: {
    usage: 'nfm-exporter simulator [--port=N] [--scenario=FILE]',
    summary: 'the simulator alone, for any AWS client',
    flags: SIMULATOR_FLAGS,
    run: runSimulatorCommand,
  },
  'check-config': {
    usage: 'nfm-exporter check-config [--online] [--strict] [--verbose] FILE',
    summary: 'check a config file and sum up what it needs',
    flags: CHECK_CONFIG_FLAGS,
    run: runCheckConfig,
  },
  'iam-policy': {
    usage: 'nfm-exporter iam-policy [--trust] FILE',
    summary: 'print the least-privilege IAM policies that a config file needs',
    flags: IAM_POLICY_FLAGS,
    run: runIamPolicy,
  },
  query: {
    usage: 'nfm-exporter query run|watch [flags]',
    summary: 'start (or follow) one query, show its progress and print its contributors',
    flags: QUERY_FLAGS,
    run: runQuery,
  },
};

/** Runs the command line. Returns the exit code: 0 well, 1 bad config or failed start, 2 bad usage. */
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
      process.stdout.write(named === undefined ? overview() : describe(named));
      return 0;
    }
    if (args.includes('--version')) {
      const { version, revision } = readBuildInfo();
      process.stdout.write(`nfm-exporter ${version} (revision ${revision}, node ${process.version})\n`);
      return 0;
    }
    return await (named?.run ?? runServe)(args);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(
        `nfm-exporter: ${error.message}\nSee nfm-exporter ${named === undefined ? '' : `${first} `}--help\n`,
      );
      return 2;
    }
    const refusal = describeRefusal(error);
    if (refusal !== undefined) {
      process.stderr.write(`nfm-exporter: ${refusal}: ${SYSTEM_HINT}\n`);
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
    `  ${'nfm-exporter --help | --version'}\n`,
    'Flags of the daemon:',
    describeFlags(DAEMON_FLAGS),
    `\nEach of these flags has an environment variable, such as ${variableOf('config.file')}; commas separate addresses in`,
    `${variableOf('web.listen-address')}, and flags without a value take true or false, as in --web.enable-lifecycle=false.`,
    'A flag goes before its variable, and both before the file.\n',
  ].join('\n');
}

function describe({ usage, summary, flags }: Command): string {
  return `Usage: ${usage}\n\n${summary}\n\nFlags:\n${describeFlags(flags)}\n`;
}

async function runServe(args: readonly string[]): Promise<number> {
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
    const read = { file: configFile, env: process.env, fallbackRegion };
    const loaded = await loadConfigFile(read);
    return serve({ flags, loaded, read, clock: systemClock, env: process.env, writeError, events });
  });
}

async function runDemoCommand(args: readonly string[]): Promise<number> {
  const values = readFlags(DEMO_FLAGS, args, process.env);
  refuseOperands(values.operands);
  const flags = readDaemonFlags(values);
  return withConfig(flags, async (events) => {
    const { runDemo } = await import('./demo/demo.ts');
    return runDemo({ flags, clock: systemClock, writeError, writeOut, events, story: values.on('story') });
  });
}

/** Tells what is wrong with the configuration, one line each. */
async function withConfig(flags: DaemonFlags, command: (events: ProcessEvents) => Promise<number>): Promise<number> {
  const log = createLogger({
    level: 'info',
    format: flags.logFormat ?? 'logfmt',
    clock: systemClock,
    write: writeError,
  });
  const events = handleProcessEvents(log, 'reloads');
  const limit = openFileLimit();
  if (limit < LEAST_OPEN_FILES) {
    const reason = `the limit of open files is ${limit}, the exporter needs at least ${LEAST_OPEN_FILES}`;
    log.error('cannot start', { reason, hint: RAISE_OPEN_FILES });
    return 1;
  }
  try {
    return await command(events);
  } catch (error) {
    if (error instanceof StartError) {
      log.error('cannot start', { error: error.name, reason: error.message });
      return 1;
    }
    const refusal = describeRefusal(error);
    if (refusal !== undefined) {
      log.error('cannot start', { reason: refusal, hint: SYSTEM_HINT });
      return 1;
    }
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    for (const { message } of error.problems) {
      log.error('bad configuration', { file: error.file ?? flags.configFile, error: message });
    }
    return 1;
  }
}

async function runSimulatorCommand(args: readonly string[]): Promise<number> {
  const values = readFlags(SIMULATOR_FLAGS, args, undefined);
  refuseOperands(values.operands);
  const port = readPort(values.text('port'));
  const scenarioFile = values.text('scenario')?.text;
  const log = createLogger({ level: 'info', format: 'logfmt', clock: systemClock, write: writeError });
  const events = handleProcessEvents(log, 'ends');
  const ended = new AbortController();
  background(
    log,
    'shutdown of the simulator',
    events.ended.then(() => ended.abort()),
  );
  const { runSimulator } = await import('./simulator/command.ts');
  return runSimulator({
    port,
    ...(scenarioFile === undefined ? {} : { scenarioFile }),
    log,
    clock: systemClock,
    signal: ended.signal,
  });
}

async function runCheckConfig(args: readonly string[]): Promise<number> {
  const values = readFlags(CHECK_CONFIG_FLAGS, args, undefined);
  const file = onlyFile('check-config', values.operands);
  const [strict, verbose] = [values.on('strict'), values.on('verbose')];
  const { fallbackRegion } = await import('../aws/credentials/fallback-region.ts');
  const { checkConfig } = await import('./check/check-config.ts');
  return checkConfig({
    file,
    strict,
    verbose,
    online: values.on('online') ? (loaded) => askAws(loaded, strict, verbose) : undefined,
    env: process.env,
    fallbackRegion,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

async function askAws(loaded: LoadedWithFiles, strict: boolean, verbose: boolean): Promise<boolean> {
  const { checkOnline } = await import('./check/online-check.ts');
  return checkOnline({
    loaded,
    strict,
    verbose,
    version: readBuildInfo().version,
    env: process.env,
    clock: systemClock,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

async function runIamPolicy(args: readonly string[]): Promise<number> {
  const values = readFlags(IAM_POLICY_FLAGS, args, undefined);
  const file = onlyFile('iam-policy', values.operands);
  const { fallbackRegion } = await import('../aws/credentials/fallback-region.ts');
  const { printIamPolicy } = await import('./iam/iam-policies.ts');
  return printIamPolicy({
    file,
    trust: values.on('trust'),
    env: process.env,
    fallbackRegion,
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

function onlyFile(command: string, operands: readonly string[]): string {
  const [file, ...more] = operands;
  if (file === undefined || more.length > 0) {
    throw new UsageError(`${command} takes one file, got ${operands.length}`);
  }
  return file;
}

async function runQuery(args: readonly string[]): Promise<number> {
  const request = readQueryFlags(readFlags(QUERY_FLAGS, args, undefined), systemClock.now());
  const { runQueryCommand } = await import('./query/command.ts');
  const { version } = readBuildInfo();
  return runQueryCommand({ request, version, env: process.env, clock: systemClock });
}

function refuseOperands(operands: readonly string[]): void {
  if (operands.length > 0) {
    throw new UsageError(`unexpected argument ${JSON.stringify(operands[0])}`);
  }
}

/** Any free one when none is given. */
function readPort(given: Given | undefined): number {
  if (given === undefined) {
    return 0;
  }
  const port = Number(given.text);
  if (!/^\d{1,5}$/.test(given.text) || port > 65_535) {
    throw wrongValue(given, 'a number from 0 to 65535');
  }
  return port;
}

const writeError = (text: string): boolean => process.stderr.write(text);
const writeOut = (text: string): boolean => process.stdout.write(text);
