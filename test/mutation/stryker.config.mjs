/** The directory of src to change; all of them without MUTATED. */
const { MUTATED: directory = '{metrics,results,scheduler,state}' } = process.env;
const reports = `reports/mutation/${process.env.MUTATED ?? 'all'}`;

export default {
  mutate: [`src/${directory}/**/*.ts`],
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner'],
  // Does not exist: Stryker 9 reads it with an API that TypeScript 7 does not have.
  tsconfigFile: 'none.json',
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 30_000,
  timeoutFactor: 1.5,
  dryRunTimeoutMinutes: 30,
  incremental: true,
  incrementalFile: `${reports}/incremental.json`,
  reporters: ['clear-text', 'progress-append-only', 'html', 'json', 'event-recorder'],
  eventReporter: { baseDir: `${reports}/events` },
  htmlReporter: { fileName: `${reports}/mutation.html` },
  jsonReporter: { fileName: `${reports}/mutation.json` },
  clearTextReporter: { allowColor: false, logTests: false },
  ignorePatterns: [
    'bench-results',
    'coverage',
    'deploy',
    'dist',
    'docs',
    'grafana',
    'reports',
    'test/{browser,bench,e2e,fuzz,rules}',
  ],
  allowConsoleColors: false,
};
