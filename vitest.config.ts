import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    coverage: {
      include: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
      // Files only: the test runner's own summary is to be the last thing on the screen.
      reporter: ['json-summary', 'lcovonly'],
    },
  },
});
