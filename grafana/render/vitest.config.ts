import { defineConfig } from 'vitest/config';

/** Not among the tests: they need the packages of this directory, and take minutes. */
export default defineConfig({
  test: { include: ['grafana/render/*.run.ts'], testTimeout: 15 * 60_000, hookTimeout: 60_000 },
});
