import { type Definition, NotStoredError, type RegistrationStore } from '../registry/registration.ts';
import { members } from '../state/saved.ts';
import type { RecordFolder, RecordKind } from './storage/record-folder.ts';
import { StorageError } from './storage/storage-error.ts';

const KIND: RecordKind<Definition> = {
  folder: 'queries',
  holds: 'a query that was registered over HTTP',
  read: (value) => (typeof value === 'object' && value !== null ? members(value) : undefined),
  // Whoever has registered it was told that it is not stored.
  keepTrying: false,
};

/** Keeps what is registered over HTTP: a change that is acknowledged is durable. */
export function registrationMemory(
  records: (kind: RecordKind<Definition>) => RecordFolder<Definition>,
): RegistrationStore {
  const stored = records(KIND);
  return {
    load: (late) => stored.load(late),
    put: (name, definition) => acknowledged(stored.put(name, definition)),
    delete: (name) => acknowledged(stored.delete(name)),
  };
}

async function acknowledged(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    throw error instanceof StorageError ? new NotStoredError(error.message, { cause: error }) : error;
  }
}
