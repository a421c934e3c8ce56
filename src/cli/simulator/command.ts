import { readFile } from 'node:fs/promises';
import {
  defaultScenario,
  parseScenario,
  type Scenario,
  ScenarioError,
  type Simulator,
} from 'network-flow-monitor-simulator';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/log.ts';
import { describeUnreadable, reasonOf } from '../../lib/system-error.ts';
import { startOnLoopback } from './loopback.ts';

export interface SimulatorCommand {
  /** Any free one when 0. */
  port: number;
  /** Path of a scenario; none is played when absent. */
  scenarioFile?: string;
  log: Logger;
  clock: Clock;
  /** Ends the simulator. */
  signal: AbortSignal;
}

/**
 * `nfm-exporter simulator`: runs until the signal. Gives the exit code: 0, or 1 after a line for each error when the
 * scenario is bad or the port cannot be had.
 */
export async function runSimulator({ port, scenarioFile, log, clock, signal }: SimulatorCommand): Promise<number> {
  const scenario = scenarioFile === undefined ? defaultScenario : await loadScenario(scenarioFile, log);
  if (!scenario) {
    return 1;
  }
  let simulator: Simulator;
  try {
    simulator = await startOnLoopback({ port, scenario, clock });
  } catch (error) {
    log.error('simulator cannot listen', { port, error: reasonOf(error) });
    return 1;
  }
  log.always('simulator listening', { address: simulator.address });
  await aborted(signal);
  await simulator.close();
  return 0;
}

async function loadScenario(file: string, log: Logger): Promise<Scenario | undefined> {
  try {
    return parseScenario(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof ScenarioError) {
      for (const { path, line, got, expected } of error.problems) {
        log.error('bad scenario', { file, path, line, got, expected });
      }
    } else {
      log.error('scenario cannot be read', { file, error: describeUnreadable(file, reasonOf(error)) });
    }
    return undefined;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
