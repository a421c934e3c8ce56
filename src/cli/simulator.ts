import {
  defaultScenario,
  parseScenario,
  type Scenario,
  ScenarioError,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from 'network-flow-monitor-simulator';
import { readBytes, UnreadableFileError } from '../config/reading/problem.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import { StartError } from '../lib/start-error.ts';
import { describeUnreadable, reasonOf } from '../lib/system-error.ts';
import { bracketed } from '../lib/text.ts';

export interface SimulatorCommand {
  /** Any free port if 0. */
  readonly port: number;
  readonly scenarioFile: string | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  /** Resolves when the simulator is to shut down. */
  readonly ended: Promise<void>;
}

/** Runs the simulator. Returns the exit code: 0, or 1 if the scenario is invalid or the port is not available. */
export async function runSimulator({ port, scenarioFile, log, clock, ended }: SimulatorCommand): Promise<number> {
  const scenario = scenarioFile === undefined ? defaultScenario : await loadScenario(scenarioFile, log);
  if (!scenario) {
    return 1;
  }
  const simulator = await startOnLoopback({ port, scenario, clock }).catch((error: unknown) => {
    log.error('simulator startup failed', { port, error: reasonOf(error) });
  });
  if (!simulator) {
    return 1;
  }
  log.always('simulator listening', { address: simulator.address });
  await ended;
  await simulator.close();
  return 0;
}

async function loadScenario(file: string, log: Logger): Promise<Scenario | undefined> {
  try {
    return parseScenario(new TextDecoder().decode(await readBytes(file)));
  } catch (error) {
    if (error instanceof ScenarioError) {
      for (const { path, line, got, expected } of error.problems) {
        log.error('invalid scenario', { file, path, line, got, expected });
      }
    } else {
      const reason = error instanceof UnreadableFileError ? error.reason : reasonOf(error);
      log.error('scenario unreadable', { file, error: describeUnreadable(file, reason) });
    }
    return undefined;
  }
}

/** Loopback addresses, in the order of attempts. */
const HOSTS = ['127.0.0.1', '::1'];

/** The system does not have the address, or the address family. */
const ABSENT: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop the process that listens there, or choose another port.',
  EACCES: 'Choose a port above 1023, or none.',
  EPERM: 'Choose a port above 1023, or none.',
};

/** Starts a simulator on the IPv4 loopback address, or on that of IPv6 if the machine has none of IPv4. @throws StartError */
export async function startOnLoopback(options: Omit<SimulatorOptions, 'host'>): Promise<Simulator> {
  const { port = 0 } = options;
  for (const host of HOSTS) {
    try {
      return await startSimulator({ ...options, host });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!ABSENT.has(code)) {
        const reason = `cannot listen on ${bracketed(host)}:${port}: ${reasonOf(error)}.`;
        throw new StartError([reason, ADVICE[code]].filter(Boolean).join(' '), { cause: error });
      }
    }
  }
  const advice = 'Enable the loopback interface, for example with "ip link set lo up".';
  throw new StartError(`cannot listen on ${HOSTS.join(' or ')}: the machine has neither address. ${advice}`);
}
