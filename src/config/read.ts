import { dirname, resolve } from 'node:path';
import { inSlices } from '../lib/concurrency.ts';
import {
  type AccountDefinition,
  DEFAULT_ACCOUNT,
  readAccounts,
  resolveAccount,
  withDefaultAccount,
} from './accounts.ts';
import { commonRegion, type FallbackRegion } from './common-region.ts';
import type { Config, QueryEntry, WatchedEntry } from './config.ts';
import { type EntryContext, readQueryDefaults, warnOfSilentDefault } from './entries/common.ts';
import { readEntry } from './entries/entries.ts';
import type { ConfigContext } from './entries/outside.ts';
import { parseLongYaml } from './reading/long-yaml.ts';
import { type ConfigNode, keyPath, type MapNode, nodeAt } from './reading/nodes.ts';
import type { Problem } from './reading/problem.ts';
import { type Environment, freezeDeeply, Reading } from './reading/reading.ts';
import { checkKeys, readSection } from './reading/section.ts';
import { formatDuration } from './reading/texts.ts';
import { partitionOfArn, partitionOfRegion, warnOfUnknownRegions } from './regions.ts';
import { AWS, CONTRIBUTORS, DISCOVERY, HTTP, LOG, POLLING, STORAGE, WEB } from './schema.ts';

export interface ReadOptions {
  /** Name of the file, for problems that belong to no key. */
  readonly file: string;
  /** Where `${NAME}` in the file's values is looked up. */
  readonly env: Environment;
  readonly fallbackRegion: FallbackRegion;
}

/** A file that was read, with all that is wrong with it. */
export interface ReadConfig {
  /** Good to use only where there are no problems: else parts of it are missing or stand-ins. */
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What it takes to read entries that stand elsewhere. */
  readonly context: ConfigContext;
  /** What the file says at a path such as `queries[0].name`; undefined where it says nothing. */
  written(path: string): ConfigNode | undefined;
  /** A name, region or id of the config for a message: as the file has it where variables may hide a secret. */
  show(value: string): string;
}

const ROOT_KEYS = [
  'web',
  'log',
  'aws',
  'accounts',
  'polling',
  'queryDefaults',
  'queries',
  'discovery',
  'contributors',
  'http',
  'storage',
];

const EXPECTED_ROOT = `a mapping with the keys ${ROOT_KEYS.join(', ')}`;

/** Reads and checks a config file. Never throws for what the file says. */
export async function readConfig(text: string, options: ReadOptions): Promise<ReadConfig> {
  const reading = new Reading(options.env);
  const { root, problems, blank } = await parseLongYaml(text, { file: options.file, listKey: 'queries' });
  reading.takeProblems(problems);
  if (blank) {
    reading.warn(options.file, 1, 'an empty file', EXPECTED_ROOT);
  }
  const top = readRoot(root, options.file, reading);
  const node = (key: string) => top.entries.get(key)?.value;
  const section = (key: string) => reading.map(key, node(key), 'a mapping of keys to values');

  const web = readSection(section('web'), 'web', WEB, reading);
  const log = readSection(section('log'), 'log', LOG, reading);
  const aws = readSection(section('aws'), 'aws', AWS, reading);
  for (const key of ['region', 'stsRegion'] as const) {
    warnOfUnknownRegions(aws.values[key], keyPath('aws', key), aws.written(key), reading);
  }
  const polling = readSection(section('polling'), 'polling', POLLING, reading);
  const discovery = readSection(section('discovery'), 'discovery', DISCOVERY, reading);
  const contributors = readSection(section('contributors'), 'contributors', CONTRIBUTORS, reading);
  const http = readSection(section('http'), 'http', HTTP, reading);
  const storagePath = readSection(section('storage'), 'storage', STORAGE, reading).values.path;

  const defined = readAccounts(reading.maps('accounts', node('accounts'), 'a mapping with name'), reading);
  const definitions = withDefaultAccount(defined);
  const accounts = new Map(definitions.map((account) => [account.name ?? '', account]));
  const context: EntryContext = {
    source: 'config',
    defaults: readQueryDefaults(section('queryDefaults'), accounts, reading),
    accounts,
    allAccounts: defined.length === 0 ? [DEFAULT_ACCOUNT] : defined.flatMap(({ name }) => name ?? []),
    interval: polling.values.interval,
    staleAfter: polling.values.staleAfter,
    listed: discovery.values.monitorsEvery > 0,
    contributorLabels: contributors.values.labels,
  };
  const elements = reading.maps('queries', node('queries'), 'a mapping with name and queryId or schedule');
  const queries: QueryEntry[] = [];
  await inSlices(elements, (element) => {
    const entry = readEntry(element, context, reading);
    if (entry !== undefined) {
      queries.push(freezeDeeply(entry));
    }
  });
  warnOfSilentDefault(queries, elements, context, reading);
  const watched = queries.filter((entry) => entry.kind === 'watched');
  checkStaleAfter(polling.written('staleAfter'), context.staleAfter, watched, reading);
  const region = await commonRegion(aws, definitions, queries, options.fallbackRegion, reading);
  checkRolePartitions(definitions, queries, region, reading);

  const { stsRegion, stsEndpoint, requestTimeout, maxAttempts } = aws.values;
  const { interval, concurrency, giveUpAfter } = polling.values;
  const config: Config = {
    web: web.values,
    log: log.values,
    aws: { region: aws.values.region, stsRegion, stsEndpoint, requestTimeout, maxAttempts },
    accounts: definitions.flatMap((definition) => resolveAccount(definition, aws.values, region) ?? []),
    polling: { interval, concurrency, giveUpAfter },
    discovery: { files: discovery.values.files ?? [], monitorsEvery: discovery.values.monitorsEvery },
    storage: { path: storagePath && resolve(dirname(options.file), storagePath) },
    contributors: contributors.values,
    http: http.values,
    queries,
  };
  return {
    config: freezeDeeply(config),
    context: {
      entry: context,
      accounts: config.accounts,
      env: options.env,
      fallbackRegion: options.fallbackRegion,
      show: reading.show,
    },
    problems: reading.problems,
    warnings: reading.warnings,
    written: (path) => nodeAt(top, path),
    show: reading.show,
  };
}

/** The top level, less the keys that begin with `x-`. */
function readRoot(root: ConfigNode | undefined, file: string, reading: Reading): MapNode {
  if (root !== undefined && root.kind !== 'map') {
    reading.reject(file, root, EXPECTED_ROOT);
  }
  const entries = [...(root?.kind === 'map' ? root.entries : [])].filter(([key]) => !key.startsWith('x-'));
  const top: MapNode = { kind: 'map', line: root?.line ?? 1, entries: new Map(entries) };
  checkKeys(top, '', ROOT_KEYS, reading);
  return top;
}

/**
 * Holds each account's role against the account's regions; where it has none of its own, against those it is called in,
 * or would be.
 */
function checkRolePartitions(
  definitions: readonly AccountDefinition[],
  queries: readonly QueryEntry[],
  common: string | undefined,
  reading: Reading,
): void {
  for (const { name, path, regions, regionsFaulty, role, roleArnNode: node } of definitions) {
    if (path === undefined || role === undefined || node === undefined || regionsFaulty) {
      continue;
    }
    const called = queries
      .filter(({ accounts }) => accounts.includes(name ?? ''))
      .flatMap((entry) => entry.regions ?? common ?? []);
    const used = regions ?? (called.length > 0 || common === undefined ? called : [common]);
    const own = partitionOfArn(role.arn);
    const foreign = used.find((region) => partitionOfRegion(region) !== own);
    if (foreign !== undefined) {
      const expected = `a role of partition ${partitionOfRegion(foreign)}, which region ${reading.show(foreign)} is in; this one is of partition ${own}`;
      reading.reject(keyPath(path, 'roleArn'), node, expected);
    }
  }
}

/** One error, whichever the query: the longest interval is the one that `staleAfter` has to fit. */
function checkStaleAfter(
  node: ConfigNode | undefined,
  staleAfter: number | undefined,
  queries: readonly WatchedEntry[],
  reading: Reading,
): void {
  const slowest = queries.reduce<WatchedEntry | undefined>(
    (longest, query) => (longest !== undefined && longest.interval >= query.interval ? longest : query),
    undefined,
  );
  if (node !== undefined && staleAfter !== undefined && slowest !== undefined && staleAfter < 3 * slowest.interval) {
    const least = formatDuration(3 * slowest.interval);
    reading.reject(
      'polling.staleAfter',
      node,
      `at least ${least}, 3 × the interval of ${slowest.path} (line ${slowest.line})`,
    );
  }
}
