import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/**
 * Makes listing a folder fail as a broken device does, for this process, until the returned function is called or the test
 * ends.
 *
 * @param code the system's name of the error, such as EIO
 */
export function failToList(folder: string, code: string): () => void {
  const { readdir } = fs.promises;
  const failing = async (path: fs.PathLike, ...rest: unknown[]) => {
    if (path === folder) {
      throw Object.assign(new Error(`${code}: injected, scandir '${folder}'`), { code });
    }
    return Reflect.apply(readdir, fs.promises, [path, ...rest]);
  };
  const use = (one: unknown) => {
    Object.assign(fs.promises, { readdir: one });
    syncBuiltinESMExports();
  };
  use(failing);
  const end = () => use(readdir);
  onTestFinished(end);
  return end;
}
