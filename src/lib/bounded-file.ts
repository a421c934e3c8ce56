import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Returns the contents of a file, a pipe, or a device, or undefined if they are longer than `most` bytes. Reads no more than that.
 */
export async function readAtMost(most: number, file: string): Promise<Buffer | undefined> {
  const handle = await open(file);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of handle.createReadStream({ end: most, autoClose: false })) {
      chunks.push(chunk);
      length += chunk.length;
    }
    return length > most ? undefined : Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

/** As {@link readAtMost}, for a start that cannot wait. */
export function readAtMostSync(most: number, file: string): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(most + 1);
  const descriptor = openSync(file, 'r');
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    return length > most ? undefined : bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
