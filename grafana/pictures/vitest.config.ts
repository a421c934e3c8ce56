import { defineConfig } from 'vitest/config';

/** Not among the tests: `npm run pictures` takes minutes and writes files. */
export default defineConfig({ test: { include: ['grafana/pictures/take.ts'], testTimeout: 15 * 60_000 } });
