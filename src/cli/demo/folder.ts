import { rmSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../lib/start-error.ts';
import { reasonOf } from '../../lib/system-error.ts';

/** They are a part of the package. */
export const DEMO_FILES = new URL('../../../config/demo/', import.meta.url);

/** Where the demo keeps what is changed while it runs. */
export interface DemoFolder {
  readonly path: string;
  readonly configFile: string;
  readonly discoveryFile: string;
}

/**
 * Makes a folder of temporary files with copies of the demo's config file and discovery files. It is removed when the
 * process exits, also at a second signal, which ends it at once; a folder that cannot be removed is no failure of the demo.
 *
 * @param tell gets a line on a folder that is left.
 * @throws StartError when it cannot be made or written to.
 */
export async function makeDemoFolder(tell: (text: string) => void): Promise<DemoFolder> {
  const parent = tmpdir();
  const path = await writeIn(parent, () => mkdtemp(join(parent, 'nfm-exporter-demo-')));
  process.once('exit', () => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      tell(`The demo's folder is left: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  const configFile = join(path, 'nfm-exporter.yml');
  const config = await readFile(new URL('nfm-exporter.yml', DEMO_FILES));
  await writeIn(parent, async () => {
    await writeFile(configFile, config);
    await cp(new URL('queries.d', DEMO_FILES), join(path, 'queries.d'), { recursive: true });
  });
  return { path, configFile, discoveryFile: join(path, 'queries.d/shop.yml') };
}

async function writeIn<T>(parent: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const why = `cannot write to the directory for temporary files, ${parent}: ${reasonOf(error)}`;
    throw new StartError(`${why}. Set TMPDIR to a directory with space that this user may write to.`, { cause: error });
  }
}

/** Adds an entry to the demo's config file, whose last key is `queries`. */
export async function appendQuery(configFile: string, entry: string): Promise<void> {
  await appendFile(configFile, `  - ${entry}\n`);
}
