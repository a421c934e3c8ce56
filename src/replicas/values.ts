import { members, textOf } from '../lib/json-values.ts';
import type { MonitorTotals, StoredMonitor } from '../state/monitor-state.ts';
import { readStoredMonitor, readTotals } from '../state/stored-monitor.ts';
import { expectRegisterError, type NamedRegister, RegisterError, type RegisterKey } from './registers.ts';

/** What a member writes about itself. */
export interface MemberIdentity {
  /** Unique in the group. */
  readonly id: string;
  /** Unique for each start of a process. */
  readonly boot: string;
  /** Base URL for the other members and redirects. */
  readonly url: string | undefined;
  /** Version of the exporter. */
  readonly version: string;
  /** Hash of the configuration. */
  readonly config: string;
}

/** Members of registers that show whether a process is alive. */
interface Heartbeat extends MemberIdentity {
  /** Increases with each heartbeat. */
  readonly counter: number;
  /** The process has shut down. */
  readonly released: boolean;
  /**
   * Windows that were due until this time may have been run, although their registers do not show it, because the engine has
   * returned to an earlier state. In milliseconds of the engine's clock; 0 if that has not happened.
   */
  readonly lostUntil: number;
}

/** Content of a register of `members`. */
export interface MemberValue extends Heartbeat {
  /** Start of the process, in milliseconds of the engine's clock. */
  readonly since: number;
}

/** Content of the register `leader`. */
export interface LeaderValue extends Heartbeat {
  /** Increases with each takeover. */
  readonly epoch: number;
}

export const RUN_STATES = ['intent', 'running', 'stopping', 'over'] as const;
export type RegisteredRunState = (typeof RUN_STATES)[number];

/** Content of a register of `runs`: the newest run of a query with the same calls. Times are in milliseconds of the engine's clock. */
export interface RunValue {
  /** Name of the query, for readers of the table. */
  readonly query: string;
  /** `intent`: may be started at any moment, under an unknown id. `over`: needs nothing more. */
  readonly state: RegisteredRunState;
  /** The window of the run. */
  readonly start: number;
  readonly end: number;
  /** No window that ends at this time or earlier may be started. */
  readonly coveredUntil: number;
  /** `coveredUntil` if the run turns out not to be at the service. */
  readonly coveredBefore: number;
  readonly queryId: string | undefined;
  readonly startedAt: number | undefined;
  readonly outcome: string | undefined;
  /** The run is counted already, or must not be counted. */
  readonly isCounted: boolean;
  /**
   * Query id of the last run whose end the register has shown, and the boot that wrote it: its process may not know yet that it
   * has counted the run.
   */
  readonly endedId: string | undefined;
  readonly endedBy: string | undefined;
  /** Boot of the process that wrote the state. */
  readonly by: string;
  /** Highest epoch of the processes that wrote the register. */
  readonly epoch: number;
}

/** Content of a register of `ended`. */
export interface EndedValue {
  readonly query: string;
  readonly status: string;
  /** In milliseconds of the engine's clock. */
  readonly since: number;
}

/** What a process has counted of a monitor since its start. */
export interface CountedBy {
  /** Boot of the process. */
  readonly by: string;
  readonly totals: MonitorTotals;
}

/** Content of a register of `periods`. No periods: the monitor was not listed anymore. */
export interface PeriodsValue extends StoredMonitor {
  /** As {@link MonitorState.key}. */
  readonly monitor: string;
  /** The last writers, newest first. */
  readonly counted: readonly CountedBy[];
}

const LONGEST_ID = 256;
const LONGEST_URL = 2_048;
const LONGEST_NAME = 2_048;

/** @throws RegisterError `invalid` */
export function readMember(key: RegisterKey, value: string): MemberValue {
  const read = new Members(key, value);
  return { ...readHeartbeat(read), since: read.integer('since') };
}

/** @throws RegisterError `invalid` */
export function readLeader(key: RegisterKey, value: string): LeaderValue {
  const read = new Members(key, value);
  return { ...readHeartbeat(read), epoch: read.integer('epoch') };
}

/** @throws RegisterError `invalid` */
export function readRun(key: RegisterKey, value: string): RunValue {
  const read = new Members(key, value);
  const run: RunValue = {
    query: read.text('query', LONGEST_NAME),
    state: read.oneOf('state', RUN_STATES),
    start: read.integer('start'),
    end: read.integer('end'),
    coveredUntil: read.integer('coveredUntil'),
    coveredBefore: read.integer('coveredBefore'),
    queryId: read.optional('queryId', (name) => read.text(name, LONGEST_ID)),
    startedAt: read.optional('startedAt', (name) => read.integer(name)),
    outcome: read.optional('outcome', (name) => read.text(name, LONGEST_ID)),
    isCounted: read.flag('isCounted'),
    endedId: read.optional('endedId', (name) => read.text(name, LONGEST_ID)),
    endedBy: read.optional('endedBy', (name) => read.text(name, LONGEST_ID)),
    by: read.text('by', LONGEST_ID),
    epoch: read.integer('epoch'),
  };
  if (run.start >= run.end || (run.state !== 'over' && run.state !== 'intent' && run.queryId === undefined)) {
    throw read.error('start', 'a window, and a query ID of a run at the service');
  }
  return run;
}

/** @throws RegisterError `invalid` */
export function readEnded(key: RegisterKey, value: string): EndedValue {
  const read = new Members(key, value);
  return {
    query: read.text('query', LONGEST_NAME),
    status: read.text('status', LONGEST_ID),
    since: read.integer('since'),
  };
}

/** @throws RegisterError `invalid` */
export function readCounted(key: RegisterKey, value: string): PeriodsValue {
  const read = new Members(key, value);
  const stored = readStoredMonitor(parsedJson(value));
  if (stored === undefined) {
    throw read.error('periods', 'periods of metrics');
  }
  const counted = read.list('counted').map((each) => ({
    by: textOf(members(each)['by']) ?? '',
    totals: readTotals(members(each)['totals']),
  }));
  return { ...stored, monitor: read.monitor('monitor'), counted };
}

/** Reads the registers of a list. Passes those that cannot be read to `refused`. */
export function readAll<T>(
  partition: string,
  registers: readonly NamedRegister[],
  read: (key: RegisterKey, value: string) => T,
  refused: (error: RegisterError) => void,
): Map<string, { readonly value: T; readonly version: string }> {
  const values = new Map<string, { readonly value: T; readonly version: string }>();
  for (const { name, value, version } of registers) {
    try {
      values.set(name, { value: read({ partition, name }, value), version });
    } catch (error) {
      expectRegisterError(error);
      refused(error);
    }
  }
  return values;
}

function readHeartbeat(read: Members): Heartbeat {
  return {
    id: read.text('id', LONGEST_ID),
    boot: read.text('boot', LONGEST_ID),
    url: read.optional('url', (name) => read.url(name)),
    version: read.text('version', LONGEST_ID),
    config: read.text('config', LONGEST_ID),
    counter: read.integer('counter'),
    released: read.flag('released'),
    lostUntil: read.integer('lostUntil'),
  };
}

/** Reads the members of a value that another process wrote. All methods throw a RegisterError `invalid`. */
class Members {
  readonly #key: RegisterKey;
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(key: RegisterKey, text: string) {
    this.#key = key;
    this.#members = Object(parsedJson(text));
  }

  error(member: string, expected: string): RegisterError {
    const { partition, name } = this.#key;
    const got = JSON.stringify(this.#members[member])?.slice(0, 100) ?? 'nothing';
    return new RegisterError('invalid', `register ${partition} ${name}: ${member} is ${got}, expected ${expected}`);
  }

  text(member: string, longest: number): string {
    const value = this.#members[member];
    if (typeof value !== 'string' || value === '' || value.length > longest) {
      throw this.error(member, `a text of at most ${longest} characters`);
    }
    return value;
  }

  /** Reads an address of another process, to which this one connects and redirects clients. */
  url(member: string): string {
    const text = this.text(member, LONGEST_URL);
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
      throw this.error(member, 'a URL http:// or https:// without a user');
    }
    return url.href;
  }

  /** Reads a key of a monitor: a list of two texts. */
  monitor(member: string): string {
    const key = this.text(member, LONGEST_NAME);
    const parts = parsedJson(key);
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string')) {
      throw this.error(member, 'the place and the ARN of a monitor');
    }
    return key;
  }

  list(member: string): readonly unknown[] {
    const value = this.#members[member];
    if (!Array.isArray(value)) {
      throw this.error(member, 'a list');
    }
    return value;
  }

  integer(member: string): number {
    const value = this.#members[member];
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      throw this.error(member, 'a whole number');
    }
    return value;
  }

  flag(member: string): boolean {
    const value = this.#members[member];
    if (typeof value !== 'boolean') {
      throw this.error(member, 'true or false');
    }
    return value;
  }

  oneOf<T extends string>(member: string, values: readonly T[]): T {
    const value = values.find((each) => each === this.#members[member]);
    if (value === undefined) {
      throw this.error(member, `one of ${values.join(', ')}`);
    }
    return value;
  }

  optional<T>(member: string, read: (member: string) => T): T | undefined {
    return this.#members[member] === undefined ? undefined : read(member);
  }
}

/** Returns undefined if the text is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
