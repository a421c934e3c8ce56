import type { DiscoveryFileFacts } from '../registry/discovery-files.ts';
import { type Section, scrapedSection } from './exposition.ts';
import { EXPORTER_FAMILIES, keysOf } from './families.ts';
import { labelPart, type Sample, seconds, serviceLabel } from './text.ts';

export interface ExporterFacts {
  readonly build: { readonly version: string; readonly revision: string; readonly nodeVersion: string };
  /** Registered queries by source. */
  readonly registeredQueries: () => ReadonlyMap<string, number>;
  /** Delay of the most overdue poll, in seconds. */
  readonly pollLag: () => number;
  readonly contributorSeries: () => { readonly exported: number; readonly limit: number };
  /** The shard of the exporter. Without shards, it is shard 0 of 1. */
  readonly shard: { readonly ordinal: number; readonly total: number };
  /** Of all regions in use, each once. */
  readonly regions: {
    readonly prices: () => readonly Price[];
    readonly zones: () => readonly { readonly region: string; readonly id: string; readonly name: string }[];
  };
  /** Undefined without storage. */
  readonly storageWritable: () => boolean | undefined;
  readonly config: {
    /** Result of the last load; `at` is the time of the last successful one, in milliseconds since the epoch. */
    readonly load: () => { readonly successful: boolean; readonly at: number };
    /** By path. */
    readonly discoveryFiles: () => ReadonlyMap<string, DiscoveryFileFacts>;
  };
}

export interface Price {
  readonly region: string;
  readonly category: string;
  readonly dollarsPerByte: number;
}

export function exporterSections(facts: ExporterFacts): Section[] {
  const { version, revision, nodeVersion: node_version } = facts.build;
  const build = labelPart(Object.entries({ version, revision, node_version }));
  const samples: Readonly<Record<keyof typeof EXPORTER_FAMILIES, () => readonly Sample[]>> = {
    aws_nfm_exporter_build_info: () => [[build, 1]],
    aws_nfm_exporter_registered_queries: () =>
      Array.from(facts.registeredQueries(), ([source, count]) => [labelPart([['source', source]]), count]),
    aws_nfm_exporter_poll_lag_seconds: () => [['', facts.pollLag()]],
    aws_nfm_exporter_config_last_reload_successful: () => [['', Number(facts.config.load().successful)]],
    aws_nfm_exporter_config_last_reload_success_timestamp_seconds: () => [['', seconds(facts.config.load().at)]],
    aws_nfm_exporter_discovery_file_last_load_successful: () =>
      Array.from(facts.config.discoveryFiles(), ([file, { valid }]) => [labelPart([['file', file]]), Number(valid)]),
    aws_nfm_exporter_discovery_file_queries: () =>
      Array.from(facts.config.discoveryFiles(), ([file, { queries }]) => [labelPart([['file', file]]), queries]),
    aws_nfm_exporter_contributor_series: () => [['', facts.contributorSeries().exported]],
    aws_nfm_exporter_contributor_series_limit: () => [['', facts.contributorSeries().limit]],
    aws_nfm_zone_info: () =>
      facts.regions.zones().map(({ region: aws_region, id, name }) => {
        const labels = { aws_region, zone_id: serviceLabel(id), zone_name: serviceLabel(name) };
        return [labelPart(Object.entries(labels)), 1];
      }),
    aws_nfm_price_dollars_per_byte: () =>
      facts.regions
        .prices()
        .map(({ region: aws_region, category: destination_category, dollarsPerByte }) => [
          labelPart(Object.entries({ aws_region, destination_category })),
          dollarsPerByte,
        ]),
    aws_nfm_exporter_shard_ordinal: () => [['', facts.shard.ordinal]],
    aws_nfm_exporter_total_shards: () => [['', facts.shard.total]],
    aws_nfm_exporter_storage_writable: () => {
      const writable = facts.storageWritable();
      return [['', writable === undefined ? undefined : Number(writable)]];
    },
  };
  return keysOf(samples).map((name) => scrapedSection(EXPORTER_FAMILIES[name], samples[name]));
}
