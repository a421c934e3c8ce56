import { parsedJson } from '../lib/json-values.ts';
import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import { EXPIRY_MS } from './own-register.ts';
import { Conflict, expectRegisterError, type PutOptions, RegisterError, type RegisterKey } from './registers.ts';
import { readAll, readOrRefuse, type SharedRegisters } from './values.ts';

export interface ReplicaRegistrationsOptions extends Omit<SharedRegisters, 'boot' | 'log'> {
  /** Reads from the engine whether this process leads. @throws RegisterError */
  readonly leads: () => Promise<boolean>;
}

/** Content of a register of a query whose registration was removed. */
const TOMBSTONE = JSON.stringify({ removed: true });

/**
 * The queries that are registered over HTTP, in registers. A write succeeds only if no other process has changed the register
 * since this one has read or written it: the retention of one member does not remove what another has just registered.
 *
 * Every successful call has found out afterward that this process leads. A later leader then reads what was written, and a
 * process that was cut off confirms nothing that its successor does not know.
 */
export class ReplicaRegistrations implements RegistrationStore {
  readonly #options: ReplicaRegistrationsOptions;
  readonly #partition: string;
  /** Versions as this process knows them. */
  readonly #versions = new Map<string, string>();
  /** Names that were written since the last call of {@link load}. */
  readonly #written = new Map<string, Definition | undefined>();

  constructor(options: ReplicaRegistrationsOptions) {
    this.#options = options;
    this.#partition = `${options.group}/registrations`;
  }

  /** @throws RegisterError */
  async load(): Promise<ReadonlyMap<string, Definition>> {
    this.#written.clear();
    const definitions = new Map<string, Definition>();
    for (const [name, { value, version }] of await readAll(this.#options, this.#partition, readDefinition)) {
      if (!this.#written.has(name)) {
        this.#versions.set(name, version);
        setOrDelete(definitions, name, value);
      }
    }
    for (const [name, definition] of this.#written) {
      setOrDelete(definitions, name, definition);
    }
    return definitions;
  }

  async changed(name: string): Promise<{ readonly definition: Definition | undefined } | undefined> {
    const { registers, refused } = this.#options;
    const key = { partition: this.#partition, name };
    const register = await this.#confirmed(() => registers.get(key));
    if (register?.version === this.#versions.get(name)) {
      return undefined;
    }
    setOrDelete(this.#versions, name, register?.version);
    return { definition: register && readOrRefuse(readDefinition, key, register.value, refused)?.value };
  }

  async put(name: string, definition: Definition): Promise<void> {
    await this.#put(name, definition);
  }

  async delete(name: string): Promise<void> {
    await this.#put(name, undefined, { expiresAt: this.#options.now() + EXPIRY_MS });
  }

  async #put(name: string, definition: Definition | undefined, expiry: PutOptions = {}): Promise<void> {
    const options = { ...expiry, ifVersion: this.#versions.get(name) };
    const value = definition === undefined ? TOMBSTONE : JSON.stringify({ definition });
    const key = { partition: this.#partition, name };
    const version = await this.#confirmed(() => this.#options.registers.put(key, value, options));
    this.#versions.set(name, version);
    this.#written.set(name, definition);
  }

  /** Does `work`, and verifies that this process leads. @throws NotStoredError */
  async #confirmed<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (!(await this.#options.leads())) {
        throw new NotStoredError('another replica leads', 'interrupted');
      }
      return result;
    } catch (error) {
      expectRegisterError(error);
      throw error instanceof Conflict
        ? new NotStoredError('another replica has changed the registration', 'changed', { cause: error })
        : new NotStoredError(`${error.message}. It may take effect later`, 'not stored', { cause: error });
    }
  }
}

function setOrDelete<T>(map: Map<string, T>, name: string, value: T | undefined): void {
  if (value === undefined) {
    map.delete(name);
  } else {
    map.set(name, value);
  }
}

/** Returns undefined for a removed query. @throws RegisterError `invalid` */
function readDefinition({ partition, name }: RegisterKey, text: string): Definition | undefined {
  const { definition, removed } = Object(parsedJson(text));
  if (removed === true) {
    return undefined;
  }
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    throw new RegisterError('invalid', `register ${partition} ${name}: definition is missing`);
  }
  return definition;
}
