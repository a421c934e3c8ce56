import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporary-folder.ts';

const CLIENT = '@aws-sdk/client-networkflowmonitor';

/** Creates a project of one-line sources with the layout that the build script expects. */
function smallProject(folder = temporaryFolder()): string {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const script = 'src/http/browser';
  for (const path of [
    'package.json',
    'scripts/build.mjs',
    'tsconfig.base.json',
    'tsconfig.json',
    `${script}/tsconfig.json`,
  ]) {
    cpSync(`${PROJECT}${path}`, join(folder, path));
  }
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@aws-sdk'), { recursive: true });
  for (const name of readdirSync(`${PROJECT}node_modules`).filter((each) => each !== '@aws-sdk')) {
    symlinkSync(`${PROJECT}node_modules/${name}`, join(modules, name));
  }
  symlinkSync('../../packages/client-networkflowmonitor', join(modules, CLIENT));
  for (const workspace of ['packages/client-networkflowmonitor', 'packages/simulator']) {
    for (const path of ['package.json', 'tsconfig.json']) {
      cpSync(`${PROJECT}${workspace}/${path}`, join(folder, workspace, path));
    }
    write(`${workspace}/src/index.ts`, 'export const exported: number = 1;\n');
  }
  write('src/main.ts', 'export const main: number = 1;\n');
  write('src/config/reading/yaml-worker.ts', 'export const worker: number = 1;\n');
  write('src/config/reading/yaml-worker.ts', 'export const worker: number = 1;\n');
  write(`${script}/page.ts`, 'export const page: string = document.title;\n');
  write('dist/stale.js', '');
  return folder;
}

/** Replaces the link to the stand-in by a directory, which is what npm makes of a package that it installs. */
function installClient(folder: string, version: string): void {
  const directory = join(folder, 'node_modules', CLIENT);
  rmSync(directory);
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: CLIENT, version }));
}

function build(folder: string, env: Readonly<Record<string, string>> = {}) {
  return run(process.execPath, ['scripts/build.mjs'], { cwd: folder, env: { PATH: process.env['PATH'], ...env } });
}

function revision(folder: string): string {
  return readFileSync(join(folder, 'dist/revision.txt'), 'utf8');
}

describe('the build', () => {
  /** A project that is built once, outside a clone. */
  let folder: string;
  let built: ReturnType<typeof build>;
  beforeAll(() => {
    folder = smallProject(temporaryFolderOfFile());
    const caught = 'try { decodeURIComponent(text); } catch { return false; }';
    writeFileSync(
      join(folder, 'src/main.ts'),
      `export function isDecodable(text: string): boolean { ${caught} return true; }\n`,
    );
    built = build(folder, { GIT_CEILING_DIRECTORIES: dirname(folder) });
  });

  test('makes a command, and leaves nothing of an earlier build', () => {
    expect(built).toMatchObject({ status: 0 });
    expect(statSync(join(folder, 'dist/main.js')).mode & 0o111).toBe(0o111);
    expect(existsSync(join(folder, 'packages/client-networkflowmonitor/dist/index.js'))).toBe(true);
    expect(existsSync(join(folder, 'dist/http/browser/page.js'))).toBe(true);
    expect(existsSync(join(folder, 'dist/stale.js'))).toBe(false);
  });

  test('names the client that it bundles, and keeps calls that only throw', async () => {
    const main: { isDecodable(text: string): boolean } = await import(join(folder, 'dist/main.js'));
    expect(['%2f', '%zz'].map(main.isDecodable)).toEqual([true, false]);
    expect(readFileSync(join(folder, 'dist/client.txt'), 'utf8')).toMatch(
      /^stand-in for @aws-sdk\/\S+ \d+\.\d+\.\d+\n$/,
    );
  });

  test('requires CommonJS packages, and imports others', async () => {
    const folder = smallProject();
    const imports =
      "import { Registry as R } from 'prom-client';\nimport convict from 'convict';\nimport pLimit from 'p-limit';";
    const made = 'export const made: readonly string[] = [new R(), convict({}), pLimit(1)].map((each) => typeof each);';
    writeFileSync(join(folder, 'src/main.ts'), `${imports}\n${made}\n`);
    expect(build(folder)).toMatchObject({ status: 0 });
    const main = join(folder, 'dist/main.js');
    expect(readFileSync(main, 'utf8').match(/(from|require\w*\() ?"(?!node:)[^"]+"/g)).toEqual([
      'requirePackage("prom-client"',
      'requirePackage("convict"',
      'from "p-limit"',
    ]);
    expect(await import(main)).toMatchObject({ made: ['object', 'object', 'function'] });
  });

  test("leaves AWS's client outside, and the stand-in uncompiled, if that client is a dependency", () => {
    const folder = smallProject();
    installClient(folder, '3.9999.0');
    const path = join(folder, 'package.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...manifest, dependencies: {} }));
    expect(build(folder)).toMatchObject({ status: 1, stderr: expect.stringContaining(`--save-exact ${CLIENT}`) });

    writeFileSync(path, JSON.stringify({ ...manifest, dependencies: { [CLIENT]: '3.9999.0' } }));
    writeFileSync(join(folder, 'src/main.ts'), `// @ts-ignore: it has no types\nexport * from '${CLIENT}';\n`);
    expect(build(folder)).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, 'dist/client.txt'), 'utf8')).toBe(`${CLIENT} 3.9999.0\n`);
    expect(readFileSync(join(folder, 'dist/main.js'), 'utf8')).toContain(`from "${CLIENT}"`);
    expect(existsSync(join(folder, 'packages/client-networkflowmonitor/dist'))).toBe(false);
  });

  test('fails with what the compiler says', () => {
    const folder = smallProject();
    writeFileSync(join(folder, 'src/main.ts'), "export const main: number = '1';\n");
    const { status, stdout } = build(folder);
    expect(status).not.toBe(0);
    expect(stdout).toContain('src/main.ts(1,14): error TS2322');
  });

  test('writes that the revision is unknown outside a clone', () => {
    expect(revision(folder)).toBe('unknown\n');
  });

  test('writes the revision: the one it is given, else the commit', () => {
    const folder = smallProject();
    run('git', ['init', '--quiet'], { cwd: folder });
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    run('git', [...identity, 'commit', '--quiet', '--allow-empty', '--message=x'], { cwd: folder });
    build(folder);
    expect(revision(folder)).toBe(run('git', ['rev-parse', 'HEAD'], { cwd: folder }).stdout);

    build(folder, { REVISION: 'abc123' });
    expect(revision(folder)).toBe('abc123\n');
  });
});
