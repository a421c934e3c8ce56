import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContributorSections, type ContributorsQuery } from '../../src/metrics/contributor-sections.ts';
import { Exposition } from '../../src/metrics/exposition.ts';
import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES } from '../../src/metrics/families.ts';
import { ROW_LABELS, type RowLabel } from '../../src/model/vocabulary.ts';
import { type ContributorSeries, mergeRows } from '../../src/results/contributors.ts';
import { unitConversion } from '../../src/results/units.ts';
import { answerItems, rowsFrom } from '../state/result-rows.ts';
import { anyCharacter } from '../support/any-character.ts';
import { run } from '../support/project.ts';
import { propertyRuns } from '../support/property-runs.ts';
import { gunzipSingleMember } from './gzip.ts';
import { readPage } from './page-grammar.ts';

const FAMILIES = [...Object.values(CONTRIBUTOR_FAMILIES), ...Object.values(DATAPOINT_FAMILIES)];

function query(changes: Partial<ContributorsQuery> = {}): ContributorsQuery {
  return {
    name: 'checkout:RETRANSMISSIONS',
    type: 'monitor-top-contributors',
    metricName: 'RETRANSMISSIONS',
    account: 'payments',
    region: 'us-east-1',
    monitorName: 'checkout',
    scopeId: undefined,
    destinationCategory: 'INTER_AZ',
    ...changes,
  };
}

const workloads: Partial<ContributorsQuery> = {
  type: 'workload-insights-top-contributors',
  monitorName: undefined,
  scopeId: 'scope-1',
};

/** `count` series with values from `count` down to 1. */
function zones(count: number): ContributorSeries[] {
  return Array.from({ length: count }, (_, i) => ({ labels: [['local_az', `az${i}`]], value: count - i }));
}

function setUp() {
  const sections = new ContributorSections();
  const exposition = new Exposition(sections.sections(), async () => undefined);
  const scrape = (gzip: boolean) => exposition.scrape({ format: 'text', gzip, groups: new Set(['contributors']) });
  return {
    sections,
    parts: () => scrape(false),
    /** Returns the uncompressed page, after comparing it with the compressed one. */
    async page(): Promise<string> {
      const plain = Buffer.concat(await scrape(false));
      expect(gunzipSingleMember(Buffer.concat(await scrape(true))).equals(plain)).toBe(true);
      return plain.toString();
    },
  };
}

/** Returns all samples of a page. Throws if the page violates the grammar or has a series twice. */
function readSamples(page: string) {
  return readPage(Buffer.from(page), 'text').flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => ({ name, labels: Object.fromEntries(labels), value })),
  );
}

describe('ContributorSections', () => {
  it('renders every family with or without samples', async () => {
    const page = await setUp().page();
    expect(page.match(/^# TYPE .*/gm)).toEqual(
      [
        'contributor_round_trip_time_seconds',
        'contributor_timeouts',
        'contributor_retransmissions',
        'contributor_data_transferred_bytes',
        'datapoint_timeouts',
        'datapoint_retransmissions',
        'datapoint_data_transferred_bytes',
      ].map((name) => `# TYPE aws_nfm_${name} gauge`),
    );
    expect(page.match(/^# HELP .*/gm)).toHaveLength(7);
    expect(readSamples(page)).toEqual([]);
  });

  it.each([
    ['ROUND_TRIP_TIME', 'aws_nfm_contributor_round_trip_time_seconds'],
    ['TIMEOUTS', 'aws_nfm_contributor_timeouts'],
    ['RETRANSMISSIONS', 'aws_nfm_contributor_retransmissions'],
    ['DATA_TRANSFERRED', 'aws_nfm_contributor_data_transferred_bytes'],
  ] as const)('writes rows of %s as %s', async (metricName, name) => {
    const { sections, page } = setUp();
    const series: ContributorSeries[] = [
      {
        labels: [
          ['mirror', 'true'],
          ['target_port', '0'],
        ],
        value: 0.25,
      },
      { labels: [], value: 1e-7 },
    ];
    sections.replace(query({ name: 'a', metricName }), series, 2);
    const labels =
      'query="a",account="payments",aws_region="us-east-1",monitor="checkout",destination_category="INTER_AZ"';
    expect((await page()).match(/^aws.*/gm)).toEqual([
      `${name}{${labels},mirror="true",target_port="0"} 0.25`,
      `${name}{${labels}} 1e-7`,
    ]);
  });

  it('renders rows of workload insights with their scope', async () => {
    const { sections, page } = setUp();
    sections.replace(query({ ...workloads, metricName: 'TIMEOUTS' }), [{ labels: [], value: 3 }], 9);
    expect(readSamples(await page())).toEqual([
      {
        name: 'aws_nfm_contributor_timeouts',
        labels: {
          query: 'checkout:RETRANSMISSIONS',
          account: 'payments',
          aws_region: 'us-east-1',
          scope_id: 'scope-1',
          destination_category: 'INTER_AZ',
        },
        value: 3,
      },
    ]);
  });

  it.each([
    ['TIMEOUTS', 'aws_nfm_datapoint_timeouts'],
    ['RETRANSMISSIONS', 'aws_nfm_datapoint_retransmissions'],
    ['DATA_TRANSFERRED', 'aws_nfm_datapoint_data_transferred_bytes'],
  ] as const)('writes data points of %s as %s', async (metricName, name) => {
    const { sections, page } = setUp();
    const data = query({ ...workloads, name: 'a', type: 'workload-insights-top-contributors-data', metricName });
    sections.replace(data, [{ labels: [['series', 'use1-az1']], value: 1.5 }], 9);
    expect((await page()).match(/^aws.*/gm)).toEqual([
      `${name}{query="a",account="payments",aws_region="us-east-1",scope_id="scope-1",` +
        'destination_category="INTER_AZ",series="use1-az1"} 1.5',
    ]);
  });

  it('replaces all series of a query together', async () => {
    const { sections, page } = setUp();
    sections.replace(query(), zones(3), 9);
    sections.replace(query({ name: 'other' }), zones(1), 9);
    sections.replace(query(), [{ labels: [['local_az', 'new']], value: 7 }], 9);
    const samples = readSamples(await page());
    expect(samples.map(({ labels, value }) => [labels['query'], labels['local_az'], value])).toEqual([
      ['checkout:RETRANSMISSIONS', 'new', 7],
      ['other', 'az0', 1],
    ]);
    sections.replace(query(), [], 9);
    expect(readSamples(await page())).toHaveLength(1);
  });

  it('exports the allowed number of series with the highest values', async () => {
    const { sections, page } = setUp();
    const values = async () => readSamples(await page()).map(({ value }) => value);
    sections.replace(query(), zones(4), 2);
    expect(await values()).toEqual([4, 3]);
    for (const allowance of [0, 1, 3, 4, 99]) {
      sections.allow(query().name, allowance);
      expect(await values()).toEqual([4, 3, 2, 1].slice(0, allowance));
    }
    sections.allow('no such query', 1);
  });

  it('removes all series of a removed query', async () => {
    const { sections, page } = setUp();
    sections.replace(query(), zones(2), 9);
    sections.replace(query({ name: 'other' }), zones(1), 9);
    sections.remove(query().name);
    sections.remove(query().name);
    expect(readSamples(await page()).map(({ labels }) => labels['query'])).toEqual(['other']);
    sections.replace(query(), zones(1), 9);
    expect(readSamples(await page())).toHaveLength(2);
  });

  it('moves a query with the same name to the family of its new metric', async () => {
    const { sections, page } = setUp();
    sections.replace(query(), zones(1), 9);
    sections.replace(query({ metricName: 'TIMEOUTS' }), zones(1), 9);
    expect(readSamples(await page()).map(({ name }) => name)).toEqual(['aws_nfm_contributor_timeouts']);
  });

  it('renders again only what has changed', async () => {
    const { sections, parts } = setUp();
    const names = Array.from({ length: 200 }, (_, i) => `query-${i}`);
    for (const name of names) {
      sections.replace(query({ name }), zones(5), 5);
    }
    const before = new Set(await parts());
    const written = async () => (await parts()).filter((part) => !before.has(part)).map(String);
    expect(await written()).toEqual([]);
    sections.replace(query({ name: 'query-7' }), zones(5), 5);
    sections.allow('query-8', 5);
    expect(await written()).toEqual([]);
    sections.replace(query({ name: 'query-7' }), zones(1), 5);
    sections.allow('query-8', 1);
    expect((await written()).map((text) => /query="([^"]+)"/.exec(text)?.[1])).toEqual(['query-7', 'query-8']);
  });

  it('renders pages that promtool accepts', async () => {
    const { sections, page } = setUp();
    for (const metricName of ['ROUND_TRIP_TIME', 'TIMEOUTS', 'RETRANSMISSIONS', 'DATA_TRANSFERRED'] as const) {
      sections.replace(query({ name: metricName, metricName }), zones(2), 9);
      if (metricName !== 'ROUND_TRIP_TIME') {
        const data = { ...workloads, name: `data-${metricName}`, metricName };
        const points: ContributorSeries[] = [{ labels: [['series', 'use1-az1']], value: 1 }];
        sections.replace(query({ ...data, type: 'workload-insights-top-contributors-data' }), points, 9);
      }
    }
    expect(run('promtool', ['check', 'metrics'], { input: await page() })).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('renders rows with any texts unchanged and no series twice', async () => {
    const { sections, page } = setUp();
    const labels: RowLabel[] = ['local_az', 'remote_az', 'remote_ip', 'local_pod_name', 'target_port'];
    const conversion = unitConversion('RETRANSMISSIONS', 'Count', 'SECONDS');
    await fc.assert(
      fc.asyncProperty(answerItems, fc.string({ unit: anyCharacter, minLength: 1 }), async (items, name) => {
        const { series } = mergeRows(rowsFrom(items), {
          metricName: 'RETRANSMISSIONS',
          conversion,
          labels,
          mirrorRows: 'keep',
          maxSeriesPerQuery: 500,
          limit: undefined,
        });
        sections.replace(query({ name }), series, 500);
        const samples = readSamples(await page());
        sections.remove(name);
        expect(
          samples.map(({ labels: { query: _, account, aws_region, monitor, destination_category, ...own } }) => own),
        ).toEqual(series.map((each) => Object.fromEntries(each.labels)));
        expect(samples.map(({ value }) => value)).toEqual(series.map(({ value }) => value));
        expect(new Set(samples.map((sample) => JSON.stringify(sample.labels))).size).toBe(samples.length);
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});

describe('the families', () => {
  it('lists all labels that the series of a family may have', () => {
    for (const family of Object.values(CONTRIBUTOR_FAMILIES)) {
      expect(family.labels).toEqual(expect.arrayContaining(['query', 'monitor', 'scope_id', 'mirror', ...ROW_LABELS]));
    }
    expect(new Set(FAMILIES.map(({ group }) => group))).toEqual(new Set(['contributors']));
  });
});
