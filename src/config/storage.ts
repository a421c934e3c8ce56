import { dirname, resolve } from 'node:path';
import { type FallbackRegion, findRegion } from './common-region.ts';
import type { Config, Replicas } from './config.ts';
import { region as regionFormat } from './formats.ts';
import { keyPath, type MapNode } from './reading/nodes.ts';
import type { Reading } from './reading/reading.ts';
import { readSection, type Section, type SectionSchema } from './reading/section.ts';
import { formatDuration } from './reading/texts.ts';
import { warnOfUnknownRegions } from './regions.ts';
import { type AwsKeys, DYNAMODB, POSTGRESQL, REPLICAS, STORAGE } from './schema.ts';

const ENGINE_KEYS = ['dynamodb', 'postgresql'] as const;

export interface StorageOptions {
  /** Name of the config file, whose directory is that of relative paths. */
  readonly file: string;
  readonly aws: Section<AwsKeys>;
  readonly fallbackRegion: FallbackRegion;
}

/** Reads the section `storage`: a path, or the engine of replicas. */
export async function readStorage(
  node: MapNode,
  options: StorageOptions,
  reading: Reading,
): Promise<Config['storage']> {
  const { path } = readSection(node, 'storage', STORAGE, reading, ENGINE_KEYS).values;
  const [first, ...others] = ['path', ...ENGINE_KEYS].filter((key) => node.entries.has(key));
  for (const key of others) {
    const line = node.entries.get(key)?.keyLine ?? node.line;
    reading.report(keyPath('storage', key), line, `both ${first} and ${key}`, 'only one of them');
  }
  const url = readEngine(node, 'postgresql', POSTGRESQL, 'url', reading)?.values.url;
  return {
    path: path && resolve(dirname(options.file), path),
    dynamodb: await readDynamodb(node, options, reading),
    postgresql: url === undefined ? undefined : { url },
  };
}

async function readDynamodb(storage: MapNode, { aws, fallbackRegion }: StorageOptions, reading: Reading) {
  const section = readEngine(storage, 'dynamodb', DYNAMODB, 'table', reading);
  if (section === undefined) {
    return undefined;
  }
  const path = 'storage.dynamodb.region';
  const { table, endpoint, region } = section.values;
  warnOfUnknownRegions(region, path, section.written('region'), reading);
  const isFaulty = section.faulty('region') || aws.faulty('region');
  const own = region ?? aws.values.region;
  const found = own === undefined && !isFaulty ? await findRegion(fallbackRegion) : { region: own ?? '' };
  if (!('region' in found)) {
    const line = storage.entries.get('dynamodb')?.keyLine ?? storage.line;
    reading.report(path, line, found.got, `${regionFormat.expected}: here, in aws.region, or in AWS_REGION`);
  }
  return table === undefined || !('region' in found) ? undefined : { table, endpoint, region: found.region };
}

/** Reads the mapping of an engine, and reports that its required key is missing. Returns undefined without the mapping. */
function readEngine<T>(
  storage: MapNode,
  engine: (typeof ENGINE_KEYS)[number],
  schema: SectionSchema<T>,
  required: keyof T & string,
  reading: Reading,
): Section<T> | undefined {
  const entry = storage.entries.get(engine);
  if (entry === undefined) {
    return undefined;
  }
  const path = keyPath('storage', engine);
  const section = readSection(reading.map(path, entry.value, `a mapping with ${required}`), path, schema, reading);
  if (section.written(required) === undefined && !section.faulty(required)) {
    reading.report(keyPath(path, required), entry.keyLine, 'nothing', schema[required].format.expected);
  }
  return section;
}

/** Three heartbeats: two may be lost or late. */
const LEAST_HEARTBEATS = 3;

/** Reads the section `replicas`. Returns undefined if no engine is configured: the process has no replicas. */
export function readReplicas(
  node: MapNode,
  line: number | undefined,
  storage: MapNode,
  reading: Reading,
): Replicas | undefined {
  const { written, faulty, values } = readSection(node, 'replicas', REPLICAS, reading);
  const { group, id, url, heartbeat } = values;
  const least = LEAST_HEARTBEATS * heartbeat;
  const deadAfter = values.deadAfter ?? least;
  const deadAfterNode = written('deadAfter');
  if (deadAfterNode !== undefined && !faulty('deadAfter') && !faulty('heartbeat') && deadAfter < least) {
    const expected = `at least ${formatDuration(least)}, ${LEAST_HEARTBEATS} × replicas.heartbeat`;
    reading.reject('replicas.deadAfter', deadAfterNode, expected);
  }
  const hasEngine = ENGINE_KEYS.some((key) => storage.entries.has(key));
  if (line !== undefined && !hasEngine && storage.isStandIn !== true) {
    const expected = 'storage.dynamodb or storage.postgresql as well';
    reading.report('replicas', line, 'replicas without a shared storage', expected);
  }
  return hasEngine ? { group, id, url, heartbeat, deadAfter } : undefined;
}
