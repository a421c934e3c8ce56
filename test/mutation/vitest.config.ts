import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import { LikeliestFirst } from './likeliest-first.ts';

/** The tests that run against each mutant: those of what is mutated, and others that are as quick. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [
      'test/{metrics,persistence,scheduler,state}/**/*.test.ts',
      'test/aws/{paging,results}.test.ts',
      'test/cli/query/terminal-output.test.ts',
      'test/daemon/{retention-clock,scheduled-life,scheduled-pages}.test.ts',
      'test/http/{app,event-stream,metrics-endpoint,status-page}.test.ts',
    ],
    exclude: [
      // These start processes.
      'test/metrics/promtool.test.ts',
      'test/persistence/{kill,lock,odd-locks,records,unreadable,unwritable}.test.ts',
    ],
    // Stryker has a time limit of its own, which counts as a mutant that was found.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    retry: 0,
    // Modules are loaded once for all files: loading them takes longer than most tests.
    isolate: false,
    sequence: { sequencer: LikeliestFirst },
  },
});
