import type { Clock } from '../lib/clock.ts';
import { untilAborted } from '../lib/concurrency.ts';
import {
  Conflict,
  type NamedRegister,
  type PutOptions,
  type Register,
  type RegisterEngine,
  RegisterError,
  type RegisterFailure,
  type RegisterKey,
  type Registers,
  type Reply,
} from './registers.ts';

/** Calls of an engine: the values of `aws_nfm_replica_engine_requests_total{operation}`. */
export type EngineOperation = keyof Registers;

/** One attempt that has ended. Times are on the monotonic clock. */
export interface EngineCall {
  readonly operation: EngineOperation;
  readonly sentAt: number;
  readonly endedAt: number;
  /** Undefined if the attempt succeeded. */
  readonly failure: RegisterFailure | undefined;
  /** As {@link Reply.time}. */
  readonly time: number | undefined;
}

export interface EngineRegistersOptions {
  readonly engine: RegisterEngine;
  readonly clock: Clock;
  /** Unique for each start of a process. At most 64 bytes. */
  readonly boot: string;
  /** Milliseconds after which an attempt fails. */
  readonly timeout: number;
  readonly ended: (call: EngineCall) => void;
}

/** Largest value, in UTF-16 code units: an item of DynamoDB has at most 400 KB, and a code unit at most 3 bytes. */
const LONGEST_VALUE = 120_000;
/** Most registers of one partition, and their total length. Another program may have written into the table. */
const MOST_REGISTERS = 200_000;
const MOST_CHARACTERS = 2 ** 28;

/**
 * The registers of an engine. After a failed write, it reads the register again: if the register has the token of this write,
 * the write has succeeded, and only its reply was lost.
 */
export class EngineRegisters implements Registers {
  readonly #options: EngineRegistersOptions;
  #writes = 0;

  constructor(options: EngineRegistersOptions) {
    this.#options = options;
  }

  async get(key: RegisterKey): Promise<Register | undefined> {
    const register = await this.#attempt('get', (signal) => this.#options.engine.get(key, signal));
    return register && checked(register, key);
  }

  async put(key: RegisterKey, value: string, options: PutOptions = {}): Promise<string> {
    if (value.length > LONGEST_VALUE) {
      throw new RegisterError('invalid', `the value has ${value.length} characters, expected at most ${LONGEST_VALUE}`);
    }
    this.#writes += 1;
    const version = `${this.#options.boot}/${this.#writes}`;
    const write = { ...options, key, value, version };
    try {
      await this.#attempt('put', (signal) => this.#options.engine.put(write, signal));
      return version;
    } catch (error) {
      return await this.#readAgain(key, version, error);
    }
  }

  async list(partition: string): Promise<readonly NamedRegister[]> {
    const all: NamedRegister[] = [];
    let characters = 0;
    let after: string | undefined;
    // An engine can return an empty page that is not the last one.
    const seen = new Set<string | undefined>();
    do {
      if (seen.has(after) || seen.size > MOST_REGISTERS) {
        throw new RegisterError('invalid', `partition ${partition} has pages without an end`);
      }
      seen.add(after);
      const page = await this.#attempt('list', (signal) => this.#options.engine.page(partition, after, signal));
      for (const register of page.registers) {
        all.push(checked(register, { partition, name: register.name }));
        characters += register.value.length;
      }
      if (all.length > MOST_REGISTERS || characters > MOST_CHARACTERS) {
        const reason = `partition ${partition} has more than ${MOST_REGISTERS} registers or ${MOST_CHARACTERS} characters`;
        throw new RegisterError('invalid', reason);
      }
      after = page.next;
    } while (after !== undefined);
    return all;
  }

  /** Returns `version` if the failed write has succeeded. @throws the failure of the write, or of the read */
  async #readAgain(key: RegisterKey, version: string, failure: unknown): Promise<string> {
    const current = await this.get(key).catch((error: unknown) => {
      // A conflict may be with this very write, sent twice by the connection: its outcome is unknown without the read.
      throw failure instanceof Conflict ? error : failure;
    });
    if (current?.version === version) {
      return version;
    }
    throw failure instanceof Conflict ? new Conflict(current, { cause: failure }) : failure;
  }

  async #attempt<T>(operation: EngineOperation, call: (signal: AbortSignal) => Promise<Reply<T>>): Promise<T> {
    const { clock, timeout, ended } = this.#options;
    const abort = new AbortController();
    const sentAt = clock.monotonic();
    const cancel = clock.setTimer(timeout, () =>
      abort.abort(new RegisterError('timeout', `no reply within ${Math.round(timeout)} ms`)),
    );
    let failure: RegisterFailure | undefined;
    let time: number | undefined;
    try {
      const reply = await untilAborted(call(abort.signal), abort.signal);
      time = reply.time;
      return reply.result;
    } catch (error) {
      const known = registerErrorOf(error);
      failure = known.kind;
      throw known;
    } finally {
      cancel();
      ended({ operation, sentAt, endedAt: clock.monotonic(), failure, time });
    }
  }
}

function registerErrorOf(error: unknown): RegisterError {
  return error instanceof RegisterError
    ? error
    : new RegisterError('other', error instanceof Error ? error.message : String(error), { cause: error });
}

/** @throws RegisterError */
function checked<T extends Register>(register: T, { partition, name }: RegisterKey): T {
  const { value, version } = register;
  if (typeof value !== 'string' || value.length > LONGEST_VALUE || typeof version !== 'string' || version === '') {
    throw new RegisterError('invalid', `register ${partition} ${name} was not written by an exporter`);
  }
  return register;
}
