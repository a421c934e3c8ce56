import { members } from '../lib/json-values.ts';
import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import type { RecordKind } from './storage/record-directory.ts';
import type { Storage } from './storage/storage.ts';
import { StorageError } from './storage/storage-error.ts';

const KIND: RecordKind<Definition> = {
  directory: 'queries',
  holds: 'a query that was registered over HTTP',
  read: (value) => (typeof value === 'object' && value !== null ? members(value) : undefined),
  // The client has already received 507.
  keepTrying: false,
};

/** Stores the queries that are registered over HTTP. A change is durable once it is acknowledged. */
export function storedRegistrations(storage: Storage): RegistrationStore {
  const records = storage.records(KIND);
  return {
    load: (late) => records.load(late),
    // The directory belongs to this process.
    changed: async () => undefined,
    put: (name, definition) => acknowledged(records.put(name, definition)),
    delete: (name) => acknowledged(records.delete(name)),
  };
}

async function acknowledged(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw error instanceof StorageError ? new NotStoredError(error.message, 'not stored', { cause: error }) : error;
  }
}
