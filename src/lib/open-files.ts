import { readdirSync, readFileSync } from 'node:fs';
import { unlessRefused } from './system-error.ts';

/** Lowest limit of open files with which the exporter starts. */
export const LEAST_OPEN_FILES = 80;

/** Advice for a low {@link openFileLimit}. */
export const RAISE_OPEN_FILES = 'raise the limit of open files: ulimit -n, or LimitNOFILE= in the systemd unit';

/** File descriptors for storage, reloads, DNS, certificates, and listening sockets. */
const RESERVE = 24;
/** Typical limit and number of open files, for systems without /proc. */
const USUAL_LIMIT = 1024;
const USUAL_OPEN = 32;
/** More connections are useless, because request budgets limit the calls. */
const MOST_CALLS = 2048;

/** Division of the file descriptors of the process. */
export interface OpenFileBudget {
  readonly limit: number;
  /** Most connections to AWS in use (`calls`), and kept for later calls (`idleCalls`). */
  readonly calls: number;
  readonly idleCalls: number;
  /** Most connections of clients, over all addresses. */
  readonly connections: number;
}

/** Divides the file descriptors that the system allows, without those that are open now. */
export function openFileBudget(): OpenFileBudget {
  const limit = openFileLimit();
  const free = Math.max(0, limit - openNow() - RESERVE);
  const toAws = Math.min(MOST_CALLS, Math.floor(free * 0.4));
  const idleCalls = Math.floor(toAws / 3);
  return { limit, calls: Math.max(1, toAws - idleCalls), idleCalls, connections: Math.max(1, free - toAws) };
}

/** Returns the limit of open files, or Infinity. Node has raised it to the hard limit. */
export function openFileLimit(): number {
  const limits = unlessRefused(() => readFileSync('/proc/self/limits', 'utf8'));
  const [, limit] = /^Max open files\s+(\S+)/m.exec(limits ?? '') ?? [];
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? USUAL_LIMIT);
}

function openNow(): number {
  return unlessRefused(() => readdirSync('/proc/self/fd').length) ?? USUAL_OPEN;
}
