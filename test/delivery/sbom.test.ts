import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly unknown[];
}

interface BillOfMaterials {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** `NAME@VERSION` of the lock file's packages that are not for development alone, each once. */
function productionPackages(): string[] {
  const packages: Readonly<Record<string, LockedPackage>> = readJson(`${PROJECT}package-lock.json`).packages;
  const found = Object.entries(packages)
    .filter(([path, { dev, link }]) => path !== '' && !link && !dev)
    .map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`);
  return [...new Set(found)].sort();
}

test('the bill of materials lists what production needs, whole, and nothing of development', () => {
  const file = join(temporaryFolder(), 'sbom.cdx.json');
  expect(run(process.execPath, ['scripts/sbom.mjs', file])).toMatchObject({ status: 0, stderr: '' });
  const bill: BillOfMaterials = readJson(file);
  const { name, version, dependencies } = readJson(`${PROJECT}package.json`);
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name, version } } });

  const listed = bill.components.map((component) => component['bom-ref']).sort();
  expect(listed).toEqual(productionPackages());
  expect(
    bill.components.filter(({ purl, licenses = [] }) => !purl.startsWith('pkg:npm/') || licenses.length === 0),
  ).toEqual([]);

  const root = bill.dependencies.find(({ ref }) => ref === bill.metadata.component['bom-ref']);
  const direct = Object.entries(dependencies).map(([each, pinned]) => `${each}@${pinned}`);
  expect(root?.dependsOn).toEqual(expect.arrayContaining(direct));
});
