import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import { endKeptThread, KeptThread } from './kept-thread.ts';
import { LikeliestFirst } from './likeliest-first.ts';

/** The tests that run against the mutants of a directory: its own, and others that are as quick and reach it. */
const TESTS: Readonly<Record<string, readonly string[]>> = {
  metrics: ['test/metrics/*.test.ts'],
  results: ['test/aws/{paging,results}.test.ts', 'test/state/{contributors,label-value,run-results,units}.test.ts'],
  scheduler: ['test/scheduler/*.test.ts'],
  state: ['test/state/*.test.ts', 'test/metrics/exposition.test.ts'],
};
const { MUTATED } = process.env;
const { projects: _, ...settings } = base.test ?? {};

export default defineConfig({
  ...base,
  plugins: [
    {
      name: 'kept-thread',
      // Stryker replaces the pool of a configuration, so it is set later.
      configureVitest: ({ project, vitest }) => {
        project.config.pool = 'kept-thread';
        project.config.poolRunner = {
          name: 'kept-thread',
          createPoolWorker: (options) => new KeptThread(options),
        };
        vitest.onClose(endKeptThread);
      },
    },
  ],
  test: {
    ...settings,
    include: [...((MUTATED === undefined ? undefined : TESTS[MUTATED]) ?? Object.values(TESTS).flat())],
    // It starts a process.
    exclude: ['test/metrics/promtool.test.ts'],
    setupFiles: ['test/mutation/setup.ts'],
    env: { PROPERTY_RUNS: '0.1' },
    // A mutant that makes a test hang is found after this time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    // Modules are loaded once for all files: loading them takes longer than most tests.
    isolate: false,
    sequence: { sequencer: LikeliestFirst },
  },
});
