import { type AccountDefinition, cloudwatchOfAccounts, readAccounts, resolveAccount } from './accounts.ts';
import { readCloudwatch } from './cloudwatch.ts';
import { commonRegion, type FallbackRegion, type RegionUses } from './common-region.ts';
import type { Config, QueryEntry } from './config.ts';
import { type EntryContext, readQueryDefaults } from './entries/common.ts';
import { readEntries } from './entries/entries.ts';
import type { ConfigContext } from './entries/outside.ts';
import { readPrices } from './prices.ts';
import { parseLongYaml } from './reading/long-yaml.ts';
import { type ConfigNode, keyPath, type MapNode, nodeAt } from './reading/nodes.ts';
import { type Environment, type Findings, freezeDeeply, Reading } from './reading/reading.ts';
import { checkKeys, readSection, type SectionSchema } from './reading/section.ts';
import { formatDuration } from './reading/texts.ts';
import { partitionOfArn, partitionOfRegion, warnOfUnknownRegions } from './regions.ts';
import { AWS, CONTRIBUTORS, DISCOVERY, HTTP, LOG, POLLING, WEB } from './schema.ts';
import { readReplicas, readStorage } from './storage.ts';

export interface ReadOptions {
  /** Name of the file, for problems without a key. */
  readonly file: string;
  /** Environment variables for `${NAME}` in values. */
  readonly env: Environment;
  readonly fallbackRegion: FallbackRegion;
}

/** A config file with all its problems. */
export interface ReadConfig extends Findings {
  /** Valid only if there are no problems: otherwise, parts are missing or placeholders. */
  readonly config: Config;
  /** Context to read entries outside the config file. */
  readonly context: ConfigContext;
}

const MAPPING = 'a mapping of keys to values';

const ROOT_KEYS = [
  'web',
  'log',
  'aws',
  'accounts',
  'polling',
  'queryDefaults',
  'queries',
  'discovery',
  'cloudwatch',
  'contributors',
  'prices',
  'http',
  'storage',
  'replicas',
];

const EXPECTED_ROOT = `a mapping with the keys ${ROOT_KEYS.join(', ')}`;

/** Reads and checks a config file. Never throws for its contents. */
export async function readConfig(text: string, options: ReadOptions): Promise<ReadConfig> {
  const reading = new Reading(options.env);
  const { root, problems, blank } = await parseLongYaml(text, { file: options.file, listKey: 'queries' });
  reading.takeProblems(problems);
  if (blank) {
    reading.warn(options.file, 1, 'an empty file', EXPECTED_ROOT);
  }
  const top = readRoot(root, options.file, reading);
  const node = (key: string) => top.entries.get(key)?.value;
  const sections = readSections(top, reading);
  const { aws, polling, discovery, contributors } = sections;

  const accounts = readAccounts(node('accounts'), reading);
  const { definitions } = accounts;
  const context: EntryContext = {
    source: 'config',
    defaults: readQueryDefaults(reading.map('queryDefaults', node('queryDefaults'), MAPPING), accounts, reading),
    accounts,
    interval: polling.values.interval,
    staleAfter: polling.values.staleAfter,
    listed: discovery.values.monitorsEvery > 0,
    contributorLabels: contributors.values.labels,
  };
  const elements = reading.maps('queries', node('queries'), 'a mapping with name and queryId or schedule');
  const queries = (await readEntries(elements, context, reading)).map(({ entry }) => entry);
  checkStaleAfter(polling.written('staleAfter'), context.staleAfter, queries, reading);
  const { env, fallbackRegion } = options;
  const cloudwatch = readCloudwatch(node('cloudwatch'), 'cloudwatch', reading);
  const settings = cloudwatchOfAccounts(definitions, cloudwatch, reading);
  if (settings.size > 0 && !context.listed) {
    const expected = 'an interval above 0s: cloudwatch reads the metrics of listed monitors';
    reading.rejectOrDefault('discovery.monitorsEvery', discovery.written('monitorsEvery'), 1, expected);
  }
  const uses = { queries, others: new Set(settings.keys()) };
  const region = await commonRegion(aws, definitions, uses, fallbackRegion, reading);
  checkRolePartitions(definitions, uses, region, reading);
  const storage = reading.map('storage', node('storage'), MAPPING);
  const replicas = reading.map('replicas', node('replicas'), MAPPING);

  const config = freezeDeeply({
    ...valuesOf(sections),
    storage: await readStorage(storage, { file: options.file, aws, fallbackRegion }, reading),
    replicas: readReplicas(replicas, top.entries.get('replicas')?.keyLine, storage, reading),
    prices: readPrices(node('prices'), reading),
    accounts: definitions.flatMap((each) => resolveAccount(each, aws.values, region, settings.get(each)) ?? []),
    queries,
  });
  return {
    config,
    context: { entry: context, accounts: config.accounts, env, fallbackRegion, show: reading.show },
    ...reading.findings((path) => nodeAt(top, path)),
  };
}

/**
 * Reads the section `web` alone. Defaults replace what is missing or invalid, and errors elsewhere in the file do not matter:
 * a running exporter keeps its last valid configuration.
 */
export async function readWebSection(
  text: string,
  { file, env }: Omit<ReadOptions, 'fallbackRegion'>,
): Promise<Config['web']> {
  const reading = new Reading(env);
  const { root } = await parseLongYaml(text, { file, listKey: 'queries' });
  const { entries } = readRoot(root, file, reading);
  return readSection(reading.map('web', entries.get('web')?.value, MAPPING), 'web', WEB, reading).values;
}

function readSections({ entries }: MapNode, reading: Reading) {
  const read = <T>(key: string, schema: SectionSchema<T>) =>
    readSection(reading.map(key, entries.get(key)?.value, MAPPING), key, schema, reading);
  const sections = {
    web: read('web', WEB),
    log: read('log', LOG),
    aws: read('aws', AWS),
    polling: read('polling', POLLING),
    discovery: read('discovery', DISCOVERY),
    contributors: read('contributors', CONTRIBUTORS),
    http: read('http', HTTP),
  };
  const { values, written } = sections.aws;
  for (const key of ['region', 'stsRegion'] as const) {
    warnOfUnknownRegions(values[key], keyPath('aws', key), written(key), reading);
  }
  return sections;
}

function valuesOf(sections: ReturnType<typeof readSections>): Pick<Config, keyof typeof sections> {
  const { web, log, aws, polling, discovery, contributors, http } = sections;
  const { region, stsRegion, stsEndpoint, requestTimeout, maxAttempts } = aws.values;
  const { interval, concurrency, giveUpAfter } = polling.values;
  return {
    web: web.values,
    log: log.values,
    aws: { region, stsRegion, stsEndpoint, requestTimeout, maxAttempts },
    polling: { interval, concurrency, giveUpAfter },
    discovery: { ...discovery.values, files: discovery.values.files ?? [] },
    contributors: contributors.values,
    http: http.values,
  };
}

/** Returns the top level without keys that begin with `x-`. */
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
 * Compares the partition of each account's role with the account's regions. If the account has none of its own, compares it
 * with the regions of its queries, or with the common region.
 */
function checkRolePartitions(
  definitions: readonly AccountDefinition[],
  { queries, others }: RegionUses,
  common: string | undefined,
  reading: Reading,
): void {
  for (const definition of definitions) {
    const { name, path, regions, regionsFaulty, role, roleArnNode: node } = definition;
    if (path === undefined || role === undefined || node === undefined || regionsFaulty) {
      continue;
    }
    const called = queries
      .filter(({ accounts }) => accounts.includes(name ?? ''))
      .flatMap((entry) => entry.regions ?? common ?? []);
    const usesCommon = common !== undefined && (called.length === 0 || others.has(definition));
    const used = regions ?? (usesCommon ? [...called, common] : called);
    const own = partitionOfArn(role.arn);
    const foreign = used.find((region) => partitionOfRegion(region) !== own);
    if (foreign !== undefined) {
      const expected = `a role in partition ${partitionOfRegion(foreign)}, the partition of Region ${reading.show(foreign)}; this role is in partition ${own}`;
      reading.reject(keyPath(path, 'roleArn'), node, expected);
    }
  }
}

/** Reports at most one error: `staleAfter` must fit the longest interval. */
function checkStaleAfter(
  node: ConfigNode | undefined,
  staleAfter: number | undefined,
  queries: readonly QueryEntry[],
  reading: Reading,
): void {
  const [slowest] = queries.filter((entry) => entry.kind === 'watched').sort((a, b) => b.interval - a.interval);
  if (node !== undefined && staleAfter !== undefined && slowest !== undefined && staleAfter < 3 * slowest.interval) {
    const least = formatDuration(3 * slowest.interval);
    const expected = `at least ${least}, 3 × the interval of ${slowest.path} (line ${slowest.line})`;
    reading.reject('polling.staleAfter', node, expected);
  }
}
