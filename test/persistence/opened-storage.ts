import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { Storage } from '../../src/persistence/storage/storage.ts';
import type { StorageInUseError } from '../../src/persistence/storage/storage-error.ts';
import { RecordingLog } from '../support/recording-log.ts';

export interface OpenedStorage {
  readonly storage: Storage;
  readonly log: RecordingLog;
  /** Why it was lost, once it is. */
  readonly losses: readonly StorageInUseError[];
}

/** Opens a storage, which is closed when the test ends. */
export async function openStorage(
  path: string,
  { clock = systemClock, host = 'here' }: { readonly clock?: Clock; readonly host?: string } = {},
): Promise<OpenedStorage> {
  const log = new RecordingLog();
  const losses: StorageInUseError[] = [];
  const storage = await Storage.open({ path, clock, log, host });
  void storage.lost.then((error) => losses.push(error));
  onTestFinished(() => storage.close());
  return { storage, log, losses };
}
