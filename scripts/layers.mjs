/**
 * The directories of `src`, in the direction in which data flows: each imports only from itself and from those before it.
 * The lint rules (`npm run layers` writes them), the planted violations that prove the rules, and the table in
 * CONTRIBUTING.md are made from this list.
 *
 * @type {readonly Layer[]}
 */
export const LAYERS = [
  {
    directory: 'model',
    contents: 'words of the domain: query, call, run, window, status, outcome; the closed lists in `vocabulary.ts`',
    change: 'a metric name, category, status, or label of the service',
  },
  {
    directory: 'lib',
    contents: 'clock, log, concurrency, background work: passed in everywhere, so that tests control them',
    change: 'the log format, how background failures are reported',
  },
  {
    directory: 'config',
    contents: 'the configuration file: `reading` (YAML with lines, sections, formats, problems), `entries`, schema',
    change: 'a key, its default, or its validation',
  },
  {
    directory: 'queries',
    contents:
      'pure planning: fan-out of entries into registered queries, unique names, differences between configurations',
    change: 'names, fan-out, precedence of sources',
  },
  {
    directory: 'scheduler',
    contents: 'when a call is made: slots in the interval, request budgets, windows and runs, fairness',
    change: 'polling intervals, backoff, fairness',
  },
  {
    directory: 'aws',
    contents: 'the client of one target, operations, errors; `network` and `credentials`',
    change: 'calls to AWS, error kinds, proxies, credentials',
  },
  {
    directory: 'results',
    contents: 'from a results page to rows, units, series, and JSON',
    change: 'how contributors become series',
  },
  {
    directory: 'state',
    contents: 'stores of the state per query and target, without calls',
    change: 'the stored state',
  },
  {
    directory: 'accounts',
    contents: 'targets in use, their accounts and identities',
    change: 'which credentials a target uses',
  },
  {
    directory: 'actions',
    contents: 'what a scheduled call does: polls, steps of a run, listings, episodes of failure',
    change: 'the effect of an outcome',
  },
  {
    directory: 'registry',
    contents: 'which queries are registered: configuration, discovery, discovery files, HTTP registrations, retention',
    change: 'how queries are added and removed',
  },
  {
    directory: 'replicas',
    contents: 'one active exporter and its standbys: registers in a shared database, election, fence of runs, takeover',
    change: 'the protocol between replicas',
  },
  {
    directory: 'metrics',
    contents: 'the table of families, sections, exposition; `gzip`',
    change: 'a metric: begin in `families.ts`',
  },
  {
    directory: 'http',
    contents:
      '`server` (listeners, connections), `security` (authentication, TLS, web configuration), `api`, `page`, `scrape`, `browser`',
    change: 'a path, the status page',
  },
  {
    directory: 'persistence',
    contents: 'what is stored: statuses, results, runs, registrations; `storage` keeps records in files',
    change: 'the persistent state',
  },
  {
    directory: 'daemon',
    contents: 'the composition root: wiring, start, reload, shutdown',
    change: 'the order of start and stop',
  },
  { directory: 'cli', contents: 'one file or directory per command', change: 'a command, a flag' },
];

/** Directories that wire the others together: they may read the environment. */
export const WIRING = ['cli'];
/** The only directory that may name a module of the AWS SDK. */
export const AWS_SDK = 'aws';

/** @param {string} directory @param {string} other @returns {boolean} Whether files of `directory` may import from `other`. */
export function mayImport(directory, other) {
  const names = LAYERS.map((layer) => layer.directory);
  return names.includes(other) && names.indexOf(other) <= names.indexOf(directory);
}

/**
 * @typedef {object} Layer
 * @property {string} directory name below `src`
 * @property {string} contents what is in it, Markdown
 * @property {string} change what a newcomer changes here, Markdown
 */
