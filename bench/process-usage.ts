import { readFileSync } from 'node:fs';

/** Linux counts CPU time in these for user space, on every architecture: `USER_HZ`, see proc(5). */
const TICKS_A_SECOND = 100;

export interface Memory {
  /** Megabytes (10^6 bytes) resident now. */
  readonly resident: number;
  /** The most megabytes that were ever resident. */
  readonly peak: number;
}

/** VmRSS and VmHWM of /proc/PID/status. */
export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (key: string) =>
    (Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1_024) / 1e6;
  return { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

/** Seconds of CPU that all threads of a process have used, in user space and in the kernel: /proc/PID/stat. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, a name in parentheses, may hold anything; the third begins after the last of them.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
