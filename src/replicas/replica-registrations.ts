import { parsedJson } from '../lib/json-values.ts';
import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import { EXPIRY_MS } from './own-register.ts';
import { Conflict, expectRegisterError, RegisterError, type RegisterKey } from './registers.ts';
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
export function replicaRegistrations(options: ReplicaRegistrationsOptions) {
  const { registers, group, now, leads, refused } = options;
  const partition = `${group}/registrations`;
  /** Versions as this process knows them. */
  const versions = new Map<string, string>();
  /** Names that were written since the last call of `load`. */
  const written = new Map<string, Definition | undefined>();

  /** Does `work`, and verifies that this process leads. @throws NotStoredError */
  async function confirmed<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await work;
      if (!(await leads())) {
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

  return {
    /** @throws RegisterError */
    async load() {
      written.clear();
      const definitions = new Map<string, Definition>();
      for (const [name, { value, version }] of await readAll(options, partition, readDefinition)) {
        if (!written.has(name)) {
          versions.set(name, version);
          setOrDelete(definitions, name, value);
        }
      }
      for (const [name, definition] of written) {
        setOrDelete(definitions, name, definition);
      }
      return definitions;
    },
    async changed(name) {
      const key = { partition, name };
      const register = await confirmed(registers.get(key));
      if (register?.version === versions.get(name)) {
        return undefined;
      }
      setOrDelete(versions, name, register?.version);
      return { definition: register && readOrRefuse(readDefinition, key, register.value, refused)?.value };
    },
    async put(name, definition) {
      const value = definition === undefined ? TOMBSTONE : JSON.stringify({ definition });
      const expiry = definition === undefined ? { expiresAt: now() + EXPIRY_MS } : {};
      const write = registers.put({ partition, name }, value, { ...expiry, ifVersion: versions.get(name) });
      versions.set(name, await confirmed(write));
      written.set(name, definition);
    },
  } satisfies RegistrationStore;
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
