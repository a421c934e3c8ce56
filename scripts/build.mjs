// Compiles the client package, the exporter and its page's script into empty dist folders, makes dist/main.js a command,
// and writes beside it which revision it is: $REVISION, else the commit that is checked out, else nothing that is known.

import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(PROJECT, 'node_modules/typescript/bin/tsc');
const CLIENT = join(PROJECT, 'packages/client-networkflowmonitor');
const BROWSER = join(PROJECT, 'src/http/browser');

for (const folder of [CLIENT, PROJECT]) {
  // Files of modules that are gone would be shipped, and could still be imported.
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
}
for (const folder of [CLIENT, PROJECT, BROWSER]) {
  try {
    execFileSync(process.execPath, [TSC, '-p', folder], { stdio: 'inherit' });
  } catch {
    process.exit(1); // the compiler has said why
  }
}
chmodSync(join(PROJECT, 'dist/main.js'), 0o755);
writeFileSync(join(PROJECT, 'dist/revision.txt'), `${process.env['REVISION'] || commit() || 'unknown'}\n`);

/** The commit, or undefined outside a clone. */
function commit() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: PROJECT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}
