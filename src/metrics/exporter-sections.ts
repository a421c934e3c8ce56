import type { DiscoveryFileFacts } from '../registry/discovery-files.ts';
import type { Section } from './exposition.ts';
import { EXPORTER_FAMILIES } from './families.ts';
import { Chunk } from './gzip/chunk.ts';
import { labelPart } from './text.ts';

export interface ExporterFacts {
  readonly version: string;
  readonly revision: string;
  readonly nodeVersion: string;
  /** Queries registered now, by source. */
  readonly registeredQueries: () => ReadonlyMap<string, number>;
  /** How late the most overdue poll is, in seconds. */
  readonly pollLag: () => number;
  /** Contributor series that are exported now, and how many may be. */
  readonly contributorSeries: () => number;
  readonly contributorSeriesLimit: () => number;
  /** Undefined without a storage. */
  readonly storageWritable: () => boolean | undefined;
  /** Discovery files by path. */
  readonly discoveryFiles: () => ReadonlyMap<string, DiscoveryFileFacts>;
  /** How the last load of the configuration went; `at` is the last good one's time in milliseconds since the epoch. */
  readonly configLoad: () => { readonly successful: boolean; readonly at: number };
}

/** The series of the exporter itself, rendered at each scrape. `refresh` marks them. */
export function exporterSections(facts: ExporterFacts): { sections: Section[]; refresh(): void } {
  const chunks: Chunk[] = [];
  const section = (name: keyof typeof EXPORTER_FAMILIES, samples: () => [labels: string, value: number][]): Section => {
    const chunk = new Chunk(() =>
      samples()
        .map(([labels, value]) => `${name}${labels} ${value}\n`)
        .join(''),
    );
    chunks.push(chunk);
    return { family: EXPORTER_FAMILIES[name], chunks: () => [chunk] };
  };
  const build = labelPart([
    ['version', facts.version],
    ['revision', facts.revision],
    ['node_version', facts.nodeVersion],
  ]);
  return {
    sections: [
      section('aws_nfm_exporter_build_info', () => [[build, 1]]),
      section('aws_nfm_exporter_registered_queries', () =>
        [...facts.registeredQueries()].map(([source, count]) => [labelPart([['source', source]]), count]),
      ),
      section('aws_nfm_exporter_poll_lag_seconds', () => [['', facts.pollLag()]]),
      section('aws_nfm_exporter_config_last_reload_successful', () => [['', Number(facts.configLoad().successful)]]),
      section('aws_nfm_exporter_config_last_reload_success_timestamp_seconds', () => [
        ['', facts.configLoad().at / 1_000],
      ]),
      section('aws_nfm_exporter_discovery_file_last_load_successful', () =>
        [...facts.discoveryFiles()].map(([file, { good }]) => [labelPart([['file', file]]), Number(good)]),
      ),
      section('aws_nfm_exporter_discovery_file_queries', () =>
        [...facts.discoveryFiles()].flatMap(([file, { queries }]) =>
          queries === undefined ? [] : [[labelPart([['file', file]]), queries]],
        ),
      ),
      section('aws_nfm_exporter_contributor_series', () => [['', facts.contributorSeries()]]),
      section('aws_nfm_exporter_contributor_series_limit', () => [['', facts.contributorSeriesLimit()]]),
      section('aws_nfm_exporter_storage_writable', () => {
        const writable = facts.storageWritable();
        return writable === undefined ? [] : [['', Number(writable)]];
      }),
    ],
    refresh() {
      for (const chunk of chunks) {
        chunk.changed();
      }
    },
  };
}
