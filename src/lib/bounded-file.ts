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
