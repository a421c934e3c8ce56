/**
 * The shared registers of replicas: small texts in a database, each replaced by compare-and-set. An adapter implements
 * {@link RegisterEngine}, with one attempt per call. {@link Registers} is what the protocol uses: it is implemented once, on top
 * of any engine, and finds out whether a write whose reply was lost has succeeded.
 */

/** Names one register. */
export interface RegisterKey {
  /** Group and part (for example, `default/runs`). At most 512 bytes of UTF-8. */
  readonly partition: string;
  /** At most 512 bytes of UTF-8, in any script. Compared byte by byte. */
  readonly name: string;
}

/** The content of a register. */
export interface Register {
  /** JSON text. The engine does not interpret it. */
  readonly value: string;
  /**
   * Unique token of the write: `<boot>/<n>`. Never a counter of the register: a counter that restarts after a removal lets a late
   * write replace a value that its sender has never read.
   */
  readonly version: string;
}

/** A register in a list, with its name. */
export interface NamedRegister extends Register {
  readonly name: string;
}

/** Options of {@link Registers.put}. */
export interface PutOptions {
  /** Version that the write replaces. Without it, the register must not exist. */
  readonly ifVersion?: string | undefined;
  /**
   * Time from which the engine may delete the register, in milliseconds since the epoch on the engine's clock. Without it, the
   * register is kept. Deletion may be late by days, and a deleted register is the same as one that was never written.
   */
  readonly expiresAt?: number;
}

/**
 * Registers with reads that are strongly consistent. There is no removal: a tombstone is put instead, with `expiresAt`. All
 * methods reject with {@link RegisterError}.
 */
export interface Registers {
  get(key: RegisterKey): Promise<Register | undefined>;
  /**
   * Writes a register. Resolves to its new version once the write is durable.
   *
   * @throws Conflict if the register has another version. Nothing is written.
   * @throws RegisterError of any other kind if it is unknown whether the write is or will be in effect: it may arrive late
   */
  put(key: RegisterKey, value: string, options?: PutOptions): Promise<string>;
  /** Reads all registers of a partition, on all pages, in no particular order. */
  list(partition: string): Promise<readonly NamedRegister[]>;
}

/** A write, as the engine receives it. */
export interface RegisterWrite extends PutOptions {
  readonly key: RegisterKey;
  readonly value: string;
  /** Token of this write. The register has it as its version afterward. */
  readonly version: string;
}

/** One page of a partition. */
export interface RegisterPage {
  readonly registers: readonly NamedRegister[];
  /** Value of `after` for the next page. Undefined on the last page. */
  readonly next: string | undefined;
}

/** A reply of the engine. */
export interface Reply<T> {
  readonly result: T;
  /**
   * Time of the engine while it handled the call, in milliseconds since the epoch. If the engine reports whole seconds, the middle
   * of that second. Undefined if the reply has no time.
   */
  readonly time: number | undefined;
}

/**
 * A database with registers. Each method makes one attempt: no retries, because the caller must know when a write was sent.
 * It ends soon after `signal` aborts, which is the timeout. All methods reject with {@link RegisterError}.
 */
export interface RegisterEngine {
  /** Kind of the engine, as its configuration key: `dynamodb`, `postgresql`. */
  readonly kind: string;
  /** Table and address for logs and the status page, without secrets. */
  readonly description: string;
  /** A strongly consistent read. Registers after their `expiresAt` may be returned. */
  get(key: RegisterKey, signal: AbortSignal): Promise<Reply<Register | undefined>>;
  /** Writes a register in one atomic step if its version is `ifVersion`, or if it does not exist. @throws Conflict */
  put(write: RegisterWrite, signal: AbortSignal): Promise<Reply<undefined>>;
  /** Reads one page of a partition: the first one, or the one that the previous page named as `next`. */
  page(partition: string, after: string | undefined, signal: AbortSignal): Promise<Reply<RegisterPage>>;
  /** Closes connections. Calls in flight may fail. */
  close(): Promise<void>;
}

/**
 * Kinds of failures: the values of `aws_nfm_replica_engine_errors_total{error}`. `conflict`: the register has another version.
 * `throttled`: the engine has rejected the call because of its load or limits. `timeout`: no reply in time. `unreachable`: no
 * connection, or a connection that ended before the reply. `denied`: missing permissions or wrong credentials. `invalid`: a
 * register has a value that is not of this exporter, or there are too many registers. `other`: all other replies (for example, a
 * missing table).
 */
export const REGISTER_FAILURES = [
  'conflict',
  'throttled',
  'timeout',
  'unreachable',
  'denied',
  'invalid',
  'other',
] as const;
export type RegisterFailure = (typeof REGISTER_FAILURES)[number];

/** A failed call. The message is what the engine or the connection reported, without secrets. */
export class RegisterError extends Error {
  override readonly name: string = 'RegisterError';
  readonly kind: RegisterFailure;

  constructor(kind: RegisterFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The register has another version than the write expected, or exists although it must not. Nothing was written. */
export class Conflict extends RegisterError {
  override readonly name = 'Conflict';
  /** The register as it was read afterward. Undefined if it does not exist. Engines need not set it. */
  readonly current: Register | undefined;

  constructor(current?: Register, options?: ErrorOptions) {
    super('conflict', 'the register has another version', options);
    this.current = current;
  }
}

/** Resolves to the conflict of a write, or to undefined if it succeeds. @throws any other error */
export function conflictOf(write: Promise<unknown>): Promise<Conflict | undefined> {
  return write.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Conflict) {
        return error;
      }
      throw error;
    },
  );
}

/** Lets errors of registers pass, which are expected. @throws any other error: a fault of the program */
export function expectRegisterError(error: unknown): asserts error is RegisterError {
  if (!(error instanceof RegisterError)) {
    throw error;
  }
}
