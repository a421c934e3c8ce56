import { rmSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** They are a part of the package. */
export const DEMO_FILES = new URL('../../config/demo/', import.meta.url);

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
 */
export async function makeDemoFolder(tell: (text: string) => void): Promise<DemoFolder> {
  const path = await mkdtemp(join(tmpdir(), 'nfm-exporter-demo-'));
  process.once('exit', () => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      tell(`The demo's folder is left: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  });
  const configFile = join(path, 'nfm-exporter.yml');
  await writeFile(configFile, await readFile(new URL('nfm-exporter.yml', DEMO_FILES)));
  await cp(new URL('queries.d', DEMO_FILES), join(path, 'queries.d'), { recursive: true });
  return { path, configFile, discoveryFile: join(path, 'queries.d/shop.yml') };
}

/** Adds an entry to the demo's config file, whose last key is `queries`. */
export async function appendQuery(configFile: string, entry: string): Promise<void> {
  await appendFile(configFile, `  - ${entry}\n`);
}
