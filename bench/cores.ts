import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The cores that processes are pinned to; none if there is only one core, or no `taskset`. */
export type Cores = { readonly measured: number; readonly others: number } | undefined;

/** What is measured gets a core for itself; load, simulator and the bench itself share another. */
export function chooseCores(): Cores {
  const [measured, others] = allowedCores();
  if (measured === undefined || others === undefined) {
    return undefined;
  }
  try {
    execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(others), String(process.pid)], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  return { measured, others };
}

/** The command line that runs another one on one core. */
export function pinned(
  core: number | undefined,
  command: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  return core === undefined ? command : ['taskset', '--cpu-list', String(core), ...command];
}

/** Such as `0-3,8`: see proc(5). */
function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
