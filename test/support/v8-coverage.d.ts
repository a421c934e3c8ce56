declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';

  interface ProcessCov {
    readonly result: readonly Profiler.ScriptCoverage[];
  }

  /** Sums up what several processes ran. */
  function mergeProcessCovs(each: readonly ProcessCov[]): ProcessCov;
}
