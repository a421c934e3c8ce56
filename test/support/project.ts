import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The project's root with a trailing slash. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface CommandResult {
  /** The exit code; null if a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** The project's root by default. */
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command until it exits. @throws Error if it cannot be started */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): CommandResult {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd: PROJECT, ...options, encoding: 'utf8' });
  if (error !== undefined) {
    throw error;
  }
  return { status, stdout, stderr };
}

/** Whether a program is available: whether a call with `args` (for example, for its version) succeeds. */
export function isInstalled(command: string, args: readonly string[] = ['--version']): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
