import { expect, it } from 'vitest';
import { type ExporterFacts, exporterSections } from '../../src/metrics/exporter-sections.ts';
import { Exposition } from '../../src/metrics/exposition.ts';

/** Returns the sample lines of an exporter with or without storage. */
async function samplesOf(writable: boolean | undefined): Promise<readonly string[]> {
  const facts: ExporterFacts = {
    build: { version: '0.1.0', revision: 'abc', nodeVersion: 'v20' },
    registeredQueries: () => new Map(),
    pollLag: () => 0,
    config: { load: () => ({ successful: true, at: 0 }), discoveryFiles: () => new Map() },
    contributorSeries: () => ({ exported: 0, limit: 0 }),
    regions: { prices: () => [], zones: () => [] },
    shard: { ordinal: 0, total: 1 },
    storageWritable: () => writable,
  };
  const exposition = new Exposition(exporterSections(facts), async () => undefined);
  const page = Buffer.concat(await exposition.scrape({ format: 'text', gzip: false, groups: undefined })).toString();
  return page.split('\n').filter((line) => line.startsWith('aws_nfm_exporter_storage_writable'));
}

it.each([
  [undefined, []],
  [false, ['aws_nfm_exporter_storage_writable 0']],
  [true, ['aws_nfm_exporter_storage_writable 1']],
])('shows whether the storage is writable only with storage: %s', async (writable, lines) => {
  expect(await samplesOf(writable)).toEqual(lines);
});
