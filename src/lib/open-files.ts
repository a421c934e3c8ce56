import { readdirSync, readFileSync } from 'node:fs';
import { unlessRefused } from './system-error.ts';

/** The least number of open files with which the exporter starts. */
export const LEAST_OPEN_FILES = 80;

/** What to do if {@link openFileLimit} is too low. */
export const RAISE_OPEN_FILES = 'raise the limit of open files: ulimit -n, or LimitNOFILE= in the systemd unit';

/** Descriptors for the storage, reloads, DNS, certificates, and listening sockets. */
const RESERVE = 24;
/** For systems without /proc: those of a usual process, and what they allow. */
const USUAL_LIMIT = 1024;
const USUAL_OPEN = 32;
/** More are of no use: calls are bounded by the request budgets. */
const MOST_CALLS = 2048;

/** How the descriptors that a process may have are divided. */
export interface OpenFileBudget {
  /** What the system allows to the process. */
  readonly limit: number;
  /** Connections to AWS that are in use at once, and that are kept for later calls. */
  readonly calls: number;
  readonly idleCalls: number;
  /** Connections of clients, over all addresses. */
  readonly connections: number;
}

/** Divides what the system allows to this process, without the descriptors that are open now. */
export function openFileBudget(): OpenFileBudget {
  const limit = openFileLimit();
  const free = Math.max(0, limit - openNow() - RESERVE);
  const toAws = Math.min(MOST_CALLS, Math.floor(free * 0.4));
  const idleCalls = Math.floor(toAws / 3);
  return { limit, calls: Math.max(1, toAws - idleCalls), idleCalls, connections: Math.max(1, free - toAws) };
}

/** How many descriptors the process may have; Infinity if there is no limit. Node has raised it to the hard limit. */
export function openFileLimit(): number {
  const limits = unlessRefused(() => readFileSync('/proc/self/limits', 'utf8'));
  const [, limit] = /^Max open files\s+(\S+)/m.exec(limits ?? '') ?? [];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? USUAL_LIMIT);
}

function openNow(): number {
  return unlessRefused(() => readdirSync('/proc/self/fd').length) ?? USUAL_OPEN;
}
