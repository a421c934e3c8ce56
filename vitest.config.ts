import { lstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** Whether npm has linked the workspace, and not installed AWS's package: see docs/aws-client.md. */
const isStandIn = lstatSync(
  new URL('node_modules/@aws-sdk/client-networkflowmonitor', import.meta.url),
).isSymbolicLink();
const WORKSPACES = {
  ...(isStandIn ? { '@aws-sdk/client-networkflowmonitor': 'packages/client-networkflowmonitor' } : {}),
  'network-flow-monitor-simulator': 'packages/simulator',
};

/** Files with a process of their own: they replace a module, count events of the process, or measure its memory or times. */
const OWN = [
  'test/http/sign-in-failure.test.ts',
  'test/daemon/{endurance,scheduled-weeks,shutdown}.test.ts',
  'test/metrics/process-sections.test.ts',
  'test/security/linear-time.test.ts',
];
const FILES = ['test/**/*.test.ts', ...Object.values(WORKSPACES).map((directory) => `${directory}/test/**/*.test.ts`)];

export default defineConfig({
  resolve: {
    // Their sources, so that they count in the coverage; the tests of the built daemon run what is compiled from them.
    alias: Object.fromEntries(
      Object.entries(WORKSPACES).map(([name, directory]) => [
        name,
        fileURLToPath(new URL(`${directory}/src/index.ts`, import.meta.url)),
      ]),
    ),
  },
  test: {
    projects: [
      // Its files share the modules of a worker: loading these again for each file takes more time than most of the tests.
      { extends: true, test: { name: 'shared', include: FILES, exclude: OWN, isolate: false } },
      { extends: true, test: { name: 'own', include: OWN } },
    ],
    setupFiles: ['test/support/setup.ts'],
    // For a test that hangs: on a busy machine, others take several times as long as they need.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Some tests measure time, and CI's machines are shared: the reporter marks what passed only the second time.
    retry: process.env['CI'] === undefined ? 0 : 1,
    pool: 'forks',
    // More than CI has processors: most tests wait most of the time.
    maxWorkers: 6,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'custom',
      customProviderModule: 'test/support/coverage.ts',
      include: ['src/**/*.ts', ...Object.values(WORKSPACES).map((directory) => `${directory}/src/**/*.ts`)],
      // `src/http/browser` runs in a browser, which measures no coverage; `test/browser` tests it.
      exclude: ['src/http/browser/**', 'grafana/**'],
      // Files only, so that the summary of the test runner is the last output.
      reporter: ['json-summary', 'lcovonly'],
      thresholds: { lines: 90, branches: 87 },
    },
  },
});
