import { members, parsedJson, textOf } from '../lib/json-values.ts';
import type { Logger } from '../lib/log.ts';
import type { StoredMonitor } from '../state/monitor-state.ts';
import { readStoredMonitor, readTotals } from '../state/stored-monitor.ts';
import { expectRegisterError, RegisterError, type RegisterKey, type Registers } from './registers.ts';

/** Reads a member of a value that another process wrote. Throws the error that `wrong` returns if it is invalid. */
type Kind<T> = (value: unknown, wrong: (expected: string) => RegisterError) => T;
type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Values<Of extends Kinds> = { readonly [Member in keyof Of]: ReturnType<Of[Member]> };

function kind<T>(expected: string, is: (value: unknown) => value is T): Kind<T> {
  return (value, wrong) => {
    if (!is(value)) {
      throw wrong(expected);
    }
    return value;
  };
}

function text(longest: number): Kind<string> {
  const isText = (value: unknown) => typeof value === 'string' && value !== '' && value.length <= longest;
  return kind(`a text of at most ${longest} characters`, (value): value is string => isText(value));
}

function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return kind(`one of ${words.join(', ')}`, (value): value is T => words.some((word) => word === value));
}

function optional<T>(of: Kind<T>): Kind<T | undefined> {
  return (value, wrong) => (value === undefined ? undefined : of(value, wrong));
}

const ID = text(256);
const NAME = text(2_048);
const LIST = kind<readonly unknown[]>('a list', Array.isArray);
const FLAG = kind('true or false', (value) => typeof value === 'boolean');
const WHOLE = kind('a whole number', (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0);

/** An address of another process, to which this one connects and redirects clients. */
const ADDRESS: Kind<string> = (value, wrong) => {
  const address = NAME(value, wrong);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '') {
    throw wrong('a URL http:// or https:// without a user');
  }
  return url.href;
};

/** As {@link MonitorState.key}: a list of two texts. */
const MONITOR: Kind<string> = (value, wrong) => {
  const key = NAME(value, wrong);
  const parts = parsedJson(key);
  if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string')) {
    throw wrong('the place and the ARN of a monitor');
  }
  return key;
};

/** What a member writes about itself. */
const IDENTITY = {
  /** Unique in the group. */
  id: ID,
  /** Unique for each start of a process. */
  boot: ID,
  /** Base URL for the other members and redirects. */
  url: optional(ADDRESS),
  /** Version of the exporter. */
  version: ID,
  /** Hash of the configuration. */
  config: ID,
};
export type MemberIdentity = Values<typeof IDENTITY>;

/** Shows whether a process is alive. */
const HEARTBEAT = {
  ...IDENTITY,
  /** Increases with each heartbeat. */
  counter: WHOLE,
  /** The process has shut down. */
  released: FLAG,
  /**
   * Windows that were due until this time may have been run, although their registers do not show it, because the engine has
   * returned to an earlier state. In milliseconds of the engine's clock; 0 if that has not happened.
   */
  lostUntil: WHOLE,
};

/** Content of a register of `members`. `since`: start of the process, in milliseconds of the engine's clock. */
export const readMember = readerOf({ ...HEARTBEAT, since: WHOLE });
export type MemberValue = ReturnType<typeof readMember>;

/** Content of the register `leader`. `epoch` increases with each takeover. */
export const readLeader = readerOf({ ...HEARTBEAT, epoch: WHOLE });
export type LeaderValue = ReturnType<typeof readLeader>;

const readRunMembers = readerOf({
  /** Name of the query, for readers of the table. */
  query: NAME,
  /** `intent`: may be started at any moment, under an unknown id. `over`: needs nothing more. */
  state: oneOf(['intent', 'running', 'stopping', 'over']),
  /** The window of the run. */
  start: WHOLE,
  end: WHOLE,
  /** No window that ends at this time or earlier may be started. */
  coveredUntil: WHOLE,
  /** `coveredUntil` if the run turns out not to be at the service. */
  coveredBefore: WHOLE,
  queryId: optional(ID),
  startedAt: optional(WHOLE),
  outcome: optional(ID),
  /** The run is counted already, or must not be counted. */
  isCounted: FLAG,
  /**
   * Query id of the last run whose end the register has shown, and the boot that wrote it: its process may not know yet that it
   * has counted the run.
   */
  endedId: optional(ID),
  endedBy: optional(ID),
  /** Boot of the process that wrote the state. */
  by: ID,
  /** Highest epoch of the processes that wrote the register. */
  epoch: WHOLE,
});

/** Content of a register of `runs`: the newest run of a query with the same calls. Times are in milliseconds of the engine's clock. */
export type RunValue = ReturnType<typeof readRunMembers>;

/** @throws RegisterError `invalid` */
export function readRun(key: RegisterKey, value: string): RunValue {
  const run = readRunMembers(key, value);
  if (run.start >= run.end || (run.state !== 'over' && run.state !== 'intent' && run.queryId === undefined)) {
    throw invalid(key, 'start', run.start, 'a window, and a query ID of a run at the service');
  }
  return run;
}

/** Content of a register of `ended`. `since`: in milliseconds of the engine's clock. */
export const readEnded = readerOf({ query: NAME, status: ID, since: WHOLE });
export type EndedValue = ReturnType<typeof readEnded>;

const readCounts = readerOf({ counted: LIST, monitor: MONITOR });

/** Content of a register of `periods`. No periods: the monitor was not listed anymore. */
export type PeriodsValue = ReturnType<typeof readCounted>;

/**
 * `counted`: what the last writers, by their boots, have counted of the monitor since their starts, newest first.
 *
 * @throws RegisterError `invalid`
 */
export function readCounted(key: RegisterKey, value: string) {
  const json = parsedJson(value);
  const stored: StoredMonitor | undefined = readStoredMonitor(json);
  if (stored === undefined) {
    throw invalid(key, 'periods', Object(json).periods, 'periods of metrics');
  }
  const { monitor, counted } = readCounts(key, value);
  const readCount = (each: unknown) => {
    const { by, totals } = members(each);
    return { by: textOf(by) ?? '', totals: readTotals(totals) };
  };
  return { ...stored, monitor, counted: counted.map(readCount) };
}

/** What the kinds of registers of a group have in common. */
export interface SharedRegisters {
  readonly registers: Registers;
  /** Name of the group and shard. */
  readonly group: string;
  /** Boot of this process. */
  readonly boot: string;
  /** Milliseconds of the engine's clock. */
  readonly now: () => number;
  readonly log: Logger;
  /** Called with registers that cannot be read. */
  readonly refused: (error: RegisterError) => void;
}

type Reader<T> = (key: RegisterKey, value: string) => T;

/** Reads all registers of a partition, except for those that cannot be read. @throws RegisterError */
export async function readAll<T>(
  { registers, refused }: Pick<SharedRegisters, 'registers' | 'refused'>,
  partition: string,
  read: Reader<T>,
): Promise<Map<string, { readonly value: T; readonly version: string }>> {
  const values = new Map<string, { readonly value: T; readonly version: string }>();
  for (const { name, value: written, version } of await registers.list(partition)) {
    const known = readOrRefuse(read, { partition, name }, written, refused);
    if (known !== undefined) {
      values.set(name, { ...known, version });
    }
  }
  return values;
}

/** Returns the value of a register, or undefined if it cannot be read: its error is passed to `refused`. */
export function readOrRefuse<T>(
  read: Reader<T>,
  key: RegisterKey,
  value: string,
  refused: SharedRegisters['refused'],
): { readonly value: T } | undefined {
  try {
    return { value: read(key, value) };
  } catch (error) {
    expectRegisterError(error);
    refused(error);
    return undefined;
  }
}

/** Returns a function that reads an object with some members, in their order. It throws a RegisterError `invalid`. */
function readerOf<Of extends Kinds>(kinds: Of): Reader<Values<Of>> {
  return (key, value) => {
    const given = Object(parsedJson(value));
    const read = Object.entries(kinds).map(([name, of]) => [
      name,
      of(given[name], (expected) => invalid(key, name, given[name], expected)),
    ]);
    return Object.fromEntries(read) as Values<Of>; // it has the members of `kinds`
  };
}

function invalid({ partition, name }: RegisterKey, member: string, value: unknown, expected: string): RegisterError {
  const got = JSON.stringify(value)?.slice(0, 100) ?? 'nothing';
  return new RegisterError('invalid', `register ${partition} ${name}: ${member} is ${got}, expected ${expected}`);
}
