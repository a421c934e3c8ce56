import { createHash } from 'node:crypto';

/** Of the form below. A record of a higher one was written by a newer exporter. */
const VERSION = 1;

/** In characters; a key is far shorter. Parsing a file of one endless line would block the process. */
const LONGEST_HEADER = 65_536;

/** Why a file is not a record that can be used. */
export class DamagedRecord extends Error {
  override readonly name = 'DamagedRecord';
}

export interface StoredRecord {
  readonly key: string;
  readonly value: unknown;
}

/**
 * The content of a record's file: a line that says what it is, with a checksum, and a line with the value. Both are JSON.
 * `value` is what JSON can hold.
 */
export function encodeRecord(key: string, value: unknown): string {
  const body = JSON.stringify(value);
  return `${JSON.stringify({ version: VERSION, key, sha256: checksum(key, body) })}\n${body}\n`;
}

/** @throws DamagedRecord */
export function decodeRecord(text: string): StoredRecord {
  const end = text.indexOf('\n');
  const header = end > LONGEST_HEADER ? undefined : parse(text.slice(0, Math.max(0, end)));
  if (typeof header !== 'object' || header === null) {
    throw new DamagedRecord('it does not begin as a record does');
  }
  const { version, key, sha256 } = { version: undefined, key: undefined, sha256: undefined, ...header };
  if (version !== VERSION) {
    throw new DamagedRecord(
      typeof version === 'number' && version > VERSION
        ? `it is of version ${version}, which a newer exporter has written; this one knows ${VERSION}`
        : 'it does not begin as a record does',
    );
  }
  const body = text.slice(end + 1, -1);
  if (typeof key !== 'string' || !text.endsWith('\n') || sha256 !== checksum(key, body)) {
    throw new DamagedRecord('its checksum is wrong: it is cut off or changed');
  }
  return { key, value: parse(body) };
}

/** A file's name for a key that may hold anything: a part that people recognise, and a hash that tells keys apart. */
export function recordFileName(key: string): string {
  const readable = key.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60);
  return `${readable}.${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`;
}

function checksum(key: string, body: string): string {
  return createHash('sha256').update(JSON.stringify(key)).update('\n').update(body).digest('hex');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
