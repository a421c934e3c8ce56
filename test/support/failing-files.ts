import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/**
 * Makes a call to the file system fail for one path in this process, like a broken device or missing permissions, until the
 * returned function is called or the test ends.
 *
 * @param code the system's error code (for example, EIO)
 */
export function failTo(call: 'open' | 'readdir', failing: string, code: string): () => void {
  const original: unknown = fs.promises[call];
  const use = (one: unknown) => {
    Object.assign(fs.promises, { [call]: one });
    syncBuiltinESMExports();
  };
  use(async (path: fs.PathLike, ...rest: unknown[]) => {
    if (path === failing) {
      throw Object.assign(new Error(`${code}: injected, ${call} '${failing}'`), { code });
    }
    return typeof original === 'function' ? Reflect.apply(original, fs.promises, [path, ...rest]) : undefined;
  });
  const end = () => use(original);
  onTestFinished(end);
  return end;
}
