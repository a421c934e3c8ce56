import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { members, parsedJson } from '../../lib/json-values.ts';

/** Version of the format below. A record of a higher version was written by a newer exporter. */
const VERSION = 1;

/** In characters; a key is far shorter. Parsing a file of one endless line would block the process. */
const LONGEST_HEADER = 65_536;

/** Larger than any record, and small enough for the memory of a process. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/** The reason why a file is not a usable record. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

/**
 * Encodes the content of a record's file: a header line with version, key, and checksum, and a line with the value. Both
 * lines are JSON.
 *
 * @param value a value that JSON can represent
 */
export function encodeRecord(key: string, value: unknown): string {
  const body = JSON.stringify(value);
  return `${JSON.stringify({ version: VERSION, key, sha256: checksum(key, body) })}\n${body}\n`;
}

/** @throws DamagedRecord */
export function decodeRecord(text: string): { readonly key: string; readonly value: unknown } {
  const end = text.indexOf('\n');
  const header = end > LONGEST_HEADER ? undefined : parsedJson(text.slice(0, Math.max(0, end)));
  const { version, key, sha256 } = members(header);
  if (version !== VERSION) {
    throw new DamagedRecord(
      typeof version === 'number' && version > VERSION
        ? `the format version is ${version}, written by a newer exporter; this exporter supports version ${VERSION}`
        : 'the file has no record header',
    );
  }
  const body = text.slice(end + 1, -1);
  if (typeof key !== 'string' || !text.endsWith('\n') || sha256 !== checksum(key, body)) {
    throw new DamagedRecord('the checksum does not match: the file is truncated or changed');
  }
  return { key, value: parsedJson(body) };
}

/**
 * The size of a record's file, in bytes.
 *
 * @throws DamagedRecord for anything that cannot be a record; the error of the file system
 */
export async function recordSize(file: string): Promise<number> {
  const status = await lstat(file);
  if (!status.isFile() || status.size > LARGEST_BYTES) {
    throw new DamagedRecord(status.isFile() ? `the file is larger than ${LARGEST_BYTES} bytes` : 'it is not a file');
  }
  return status.size;
}

/**
 * Reads a record and its key.
 *
 * @param read returns undefined for a value of another kind
 * @throws DamagedRecord; the error of the file system
 */
export async function readRecord<Value>(
  file: string,
  read: (value: unknown) => Value | undefined,
): Promise<{ readonly key: string; readonly value: Value }> {
  const { key, value } = decodeRecord(await readFile(file, 'utf8'));
  const known = read(value);
  if (known === undefined || recordFileName(key) !== basename(file)) {
    throw new DamagedRecord(
      known === undefined ? 'the record is of another kind' : 'the file has the name of another record',
    );
  }
  return { key, value: known };
}

/** Name of a record's file. The key may be any text: a readable part is followed by a hash that makes the name unique. */
export function recordFileName(key: string): string {
  const readable = key.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60);
  return `${readable}.${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`;
}

function checksum(key: string, body: string): string {
  return createHash('sha256').update(JSON.stringify(key)).update('\n').update(body).digest('hex');
}
