declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';

  interface ProcessCov {
    readonly result: readonly Profiler.ScriptCoverage[];
  }

  /** Merges the coverage of several processes. */
  function mergeProcessCovs(each: readonly ProcessCov[]): ProcessCov;
}
