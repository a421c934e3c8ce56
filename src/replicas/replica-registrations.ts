import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import { EXPIRY_MS } from './own-register.ts';
import { Conflict, type PutOptions, RegisterError, type RegisterKey, type Registers } from './registers.ts';
import { parsedJson, readAll } from './values.ts';

/** Content of a register of a query whose registration was removed. */
const TOMBSTONE = JSON.stringify({ removed: true });

/**
 * The queries that are registered over HTTP, in registers. A write succeeds only if no other process has changed the register
 * since this one has read or written it: the retention of one member does not remove what another has just registered.
 *
 * @param boot of this process
 * @param now milliseconds of the engine's clock
 * @param refused called with registers that cannot be read
 */
export function replicaRegistrations(
  registers: Registers,
  group: string,
  boot: string,
  now: () => number,
  refused: (error: RegisterError) => void,
): RegistrationStore {
  const partition = `${group}/registrations`;
  /** Versions as this process knows them. */
  const versions = new Map<string, string>();

  /** @throws NotStoredError */
  async function put(name: string, value: string, options: PutOptions): Promise<void> {
    const ifVersion = versions.get(name);
    const condition = ifVersion === undefined ? options : { ...options, ifVersion };
    try {
      versions.set(name, await registers.put({ partition, name }, value, condition));
    } catch (error) {
      if (!(error instanceof RegisterError)) {
        throw error;
      }
      const current = error instanceof Conflict ? error.current?.version : undefined;
      if (current?.startsWith(`${boot}/`) && current !== ifVersion) {
        // An earlier write of this process, whose outcome was unknown.
        versions.set(name, current);
        await put(name, value, options);
        return;
      }
      const reason = error instanceof Conflict ? 'another replica has changed the registration' : error.message;
      throw new NotStoredError(reason, { cause: error });
    }
  }

  return {
    async load() {
      const values = readAll(partition, await registers.list(partition), readDefinition, refused);
      versions.clear();
      const definitions = new Map<string, Definition>();
      for (const [name, { value, version }] of values) {
        versions.set(name, version);
        if (value !== undefined) {
          definitions.set(name, value);
        }
      }
      return definitions;
    },
    put: (name, definition) => put(name, JSON.stringify({ definition }), {}),
    delete: (name) => put(name, TOMBSTONE, { expiresAt: now() + EXPIRY_MS }),
  };
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
