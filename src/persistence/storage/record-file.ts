import { lstat, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { DamagedRecord, decodeRecord, recordFileName } from './record.ts';

/** More than any record is; less than what a process can hold. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * The size of a record's file, in bytes.
 *
 * @throws DamagedRecord for what cannot be one; what the file system throws
 */
export async function recordSize(file: string): Promise<number> {
  const status = await lstat(file);
  if (!status.isFile() || status.size > LARGEST_BYTES) {
    throw new DamagedRecord(status.isFile() ? 'it is too large' : 'it is not a file');
  }
  return status.size;
}

/**
 * A record and its key.
 *
 * @param read returns undefined for what is no value of the record's kind
 * @throws DamagedRecord; what the file system throws
 */
export async function readRecord<Value>(
  file: string,
  read: (value: unknown) => Value | undefined,
): Promise<{ readonly key: string; readonly value: Value }> {
  const { key, value } = decodeRecord(await readFile(file, 'utf8'));
  const known = read(value);
  if (known === undefined || recordFileName(key) !== basename(file)) {
    throw new DamagedRecord(known === undefined ? 'it holds something else' : 'it has the name of another record');
  }
  return { key, value: known };
}
