import { rmSync } from 'node:fs';
import { appendFile, cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../../lib/start-error.ts';
import { reasonOf } from '../../lib/system-error.ts';

/** Files of the demo, which are part of the package. */
export const DEMO_FILES = new URL('../../../config/demo/', import.meta.url);

/** Temporary files that change while the demo runs. */
export interface DemoDirectory {
  readonly path: string;
  readonly configFile: string;
  readonly discoveryFile: string;
}

/**
 * Creates a temporary directory with copies of the demo's configuration and discovery files. It is removed when the process
 * exits, even after a second signal. If the removal fails, the demo succeeds nevertheless.
 *
 * @param print receives a line if the directory cannot be removed
 * @throws StartError if the directory cannot be created or written to
 */
export async function makeDemoDirectory(print: (text: string) => void): Promise<DemoDirectory> {
  const parent = tmpdir();
  const path = await writeIn(parent, () => mkdtemp(join(parent, 'nfm-exporter-demo-')));
  process.once('exit', () => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      print(`cannot remove the directory of the demo: ${error instanceof Error ? error.message : String(error)}\n`);
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

/** Appends an entry to the demo's configuration file, whose last key is `queries`. */
export async function appendQuery(configFile: string, entry: string): Promise<void> {
  await appendFile(configFile, `  - ${entry}\n`);
}

const OWN_STORAGE = `storage:
  path: \${NFM_DEMO_FOLDER}/storage
`;
const SHARED_STORAGE = `storage:
  dynamodb: { table: nfm-exporter-demo, region: us-east-1, endpoint: "\${NFM_DEMO_TABLE}" }
replicas: { id: "\${NFM_DEMO_REPLICA}", url: "\${NFM_DEMO_REPLICA_URL}", heartbeat: 1s, deadAfter: 10s }
`;

/** Replaces the storage in the demo's configuration file by one that replicas share. */
export async function shareStorage(configFile: string): Promise<void> {
  const config = await readFile(configFile, 'utf8');
  await writeFile(configFile, config.split(OWN_STORAGE).join(SHARED_STORAGE));
}
