import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { mergeProcessCovs, type ProcessCov } from '@bcoe/v8-coverage';
import v8 from '@vitest/coverage-v8';
import type { CoverageProvider, CoverageProviderModule, Vitest } from 'vitest/node';
import { PROJECT } from './project.ts';

/** The variable with the directory into which child processes of tests write their coverage. */
export const CHILDREN_DIRECTORY = 'CHILDREN_COVERAGE';

/** The shipped bundle, which has source maps. */
const DIST = pathToFileURL(join(PROJECT, 'dist/')).href;

const TOTALS = ['lines', 'branches', 'functions', 'statements'] as const;

interface Located {
  readonly start: { readonly line: number; readonly column: number };
}

/** The used members: the parts of a file, and how often each part was executed. */
interface FileCoverage {
  readonly statementMap: Readonly<Record<string, Located>>;
  readonly s: Record<string, number>;
  readonly fnMap: Readonly<Record<string, { readonly loc: Located }>>;
  readonly f: Record<string, number>;
  readonly branchMap: Readonly<Record<string, { readonly type: string; readonly loc: Located }>>;
  readonly b: Record<string, number[]>;
}

/**
 * Adds the coverage of the bundle to that of the sources. Parts with the same start are the same part. Code that the bundler
 * has rewritten does not count.
 */
function addHits(sources: FileCoverage, bundled: FileCoverage): void {
  const place = ({ start }: Located) => `${start.line}:${start.column}`;
  const branch = ({ type, loc }: FileCoverage['branchMap'][string]) => `${type} ${place(loc)}`;
  const hitsOf = (keys: readonly (readonly [id: string, key: string])[]) => new Map(keys.map(([id, key]) => [key, id]));

  const statements = hitsOf(Object.entries(bundled.statementMap).map(([id, at]) => [id, place(at)]));
  for (const [id, at] of Object.entries(sources.statementMap)) {
    sources.s[id] = (sources.s[id] ?? 0) + (bundled.s[statements.get(place(at)) ?? ''] ?? 0);
  }
  const functions = hitsOf(Object.entries(bundled.fnMap).map(([id, { loc }]) => [id, place(loc)]));
  for (const [id, { loc }] of Object.entries(sources.fnMap)) {
    sources.f[id] = (sources.f[id] ?? 0) + (bundled.f[functions.get(place(loc)) ?? ''] ?? 0);
  }
  const branches = hitsOf(Object.entries(bundled.branchMap).map(([id, each]) => [id, branch(each)]));
  for (const [id, each] of Object.entries(sources.branchMap)) {
    const hits = bundled.b[branches.get(branch(each)) ?? ''] ?? [];
    sources.b[id] = (sources.b[id] ?? []).map((count, i) => count + (hits[i] ?? 0));
  }
}

function totalsOf(summary: Readonly<Record<(typeof TOTALS)[number], { readonly pct: number }>>): string {
  return TOTALS.map((total) => `${total} ${summary[total].pct} %`).join(', ');
}

/** Vitest's own provider, which also counts code that ran in child processes of tests. */
const coverage: CoverageProviderModule = {
  ...v8,
  async getProvider(): Promise<CoverageProvider> {
    const { V8CoverageProvider } = await import('@vitest/coverage-v8/dist/provider.js');

    class Provider extends V8CoverageProvider {
      readonly #directory = mkdtempSync(join(tmpdir(), 'coverage-of-children-'));

      override initialize(context: Vitest): void {
        super.initialize(context);
        // Some programs run as other users.
        chmodSync(this.#directory, 0o1777);
        process.env[CHILDREN_DIRECTORY] = this.#directory;
      }

      override async generateCoverage(context: Parameters<V8Provider['generateCoverage']>[0]) {
        const map = await super.generateCoverage(context);
        const children = this.createCoverageMap();
        for (const { url, functions } of this.#readChildren().result) {
          const file = fileURLToPath(url);
          // A chunk without code of the project has none.
          if (existsSync(`${file}.map`)) {
            const sourceMap = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
            sourceMap.sources = sourceMap.sources.map((source: string) => new URL(source, url).href);
            const sources = { code: readFileSync(file, 'utf8'), map: sourceMap };
            // Private, but necessary to merge these results with Vitest's own.
            children.merge(await this['remapCoverage'](url, 0, sources, functions));
          }
        }
        for (const file of map.files().filter((each: string) => children.files().includes(each))) {
          addHits(map.fileCoverageFor(file), children.fileCoverageFor(file));
        }
        this.ctx.logger.log(`\nCoverage, with what ran in child processes: ${totalsOf(map.getCoverageSummary())}`);
        return map;
      }

      /** One file at a time: together they may not fit into memory. */
      #readChildren(): ProcessCov {
        let merged: ProcessCov = { result: [] };
        for (const file of readdirSync(this.#directory)) {
          const { result } = readProcess(join(this.#directory, file));
          merged = mergeProcessCovs([merged, { result: result.filter(({ url }) => url.startsWith(DIST)) }]);
        }
        rmSync(this.#directory, { recursive: true });
        return merged;
      }
    }
    return new Provider();
  },
};

/** A child process that was killed during the write leaves a partial file, which does not count. */
function readProcess(file: string): ProcessCov {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { result: [] };
    }
    throw error;
  }
}

type V8Provider = import('@vitest/coverage-v8/dist/provider.js').V8CoverageProvider;

export default coverage;
