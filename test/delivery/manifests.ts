import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PROJECT } from '../support/project.ts';

/** A Kubernetes object, as far as all of them are alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

interface Patch {
  readonly path: string;
  readonly target?: { readonly kind: string; readonly name: string };
}

interface Generator {
  readonly name: string;
  readonly files: readonly string[];
}

/** A kustomization.yaml, as far as ours go. */
interface Kustomization {
  readonly kind: 'Kustomization' | 'Component';
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly Patch[];
  readonly configMapGenerator?: readonly Generator[];
}

/** What a kustomization comes to. */
export interface Kustomized {
  /** `KIND/NAME` of each object. */
  readonly objects: readonly string[];
  /** Of each patch, `KIND/NAME` of what it changes, and of what there was to change. */
  readonly patched: readonly { readonly object: string; readonly among: readonly string[] }[];
  /** Every file that was named, relative to the project. */
  readonly files: readonly string[];
}

/** @param path relative to the project. */
export function readYaml<T>(path: string): T {
  return parse(readFileSync(`${PROJECT}${path}`, 'utf8'), { merge: true });
}

/**
 * Follows a kustomization to all that it names. Does not apply patches.
 *
 * @param folder relative to the project
 * @param base `KIND/NAME` of what a component is put on
 * @throws when a file that is named is not there.
 */
export function readKustomization(folder: string, base: readonly string[] = []): Kustomized {
  const file = join(folder, 'kustomization.yaml');
  const { resources = [], components = [], patches = [], configMapGenerator = [] } = readYaml<Kustomization>(file);
  const objects = [...base];
  const patched: Kustomized['patched'][number][] = [];
  const files = [file];

  const include = (other: Kustomized) => {
    objects.splice(0, objects.length, ...other.objects);
    patched.push(...other.patched);
    files.push(...other.files);
  };
  for (const path of resources.map((each) => join(folder, each))) {
    if (path.endsWith('.yaml')) {
      objects.push(identify(readYaml<Manifest>(path)));
      files.push(path);
    } else {
      const other = readKustomization(path);
      include({ ...other, objects: [...objects, ...other.objects] });
    }
  }
  for (const { name, files: contents } of configMapGenerator) {
    objects.push(`ConfigMap/${name}`);
    for (const path of contents.map((each) => join(folder, each))) {
      readFileSync(`${PROJECT}${path}`);
      files.push(path);
    }
  }
  for (const path of components.map((each) => join(folder, each))) {
    include(readKustomization(path, objects));
  }
  for (const { path, target } of patches) {
    const patch = readYaml<Manifest>(join(folder, path));
    const object = target === undefined ? identify(patch) : `${target.kind}/${target.name}`;
    patched.push({ object, among: [...objects] });
    files.push(join(folder, path));
  }
  return { objects, patched, files };
}

function identify({ kind, metadata: { name } }: Manifest): string {
  return `${kind}/${name}`;
}
