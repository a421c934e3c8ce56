import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  resolve: {
    alias: {
      // Its sources, so that they count in the coverage; the tests of the built daemon run what is compiled from them.
      '@aws-sdk/client-networkflowmonitor': fileURLToPath(
        new URL('packages/client-networkflowmonitor/src/index.ts', import.meta.url),
      ),
      'network-flow-monitor-simulator': fileURLToPath(new URL('packages/simulator/src/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts'],
    // For a test that hangs: on a busy machine, others take several times as long as they need.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Some tests measure time, and CI's machines are shared: the reporter marks what passed only the second time.
    retry: process.env['CI'] === undefined ? 0 : 1,
    pool: 'forks',
    // More than CI has processors: most tests wait most of the time.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'custom',
      customProviderModule: 'test/support/coverage.ts',
      include: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
      // `src/http/browser` runs in a browser, where nothing counts it; `test/browser` holds it to what it does.
      exclude: ['src/http/browser/**', 'grafana/**'],
      // Files only: the test runner's own summary is to be the last thing on the screen.
      reporter: ['json-summary', 'lcovonly'],
      thresholds: { lines: 90, branches: 87 },
    },
  },
});
