import type { ScheduledQuery } from '../model/query.ts';
import type { ContributorSeries } from '../results/contributors.ts';
import type { Section } from './exposition.ts';
import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES, type Family } from './families.ts';
import { Chunk } from './gzip/chunk.ts';
import { labelPart, sampleLines, serviceLabel } from './text.ts';

/** The properties of a query that its contributor series depend on. */
export type ContributorsQuery = Pick<
  ScheduledQuery,
  'name' | 'type' | 'metricName' | 'account' | 'region' | 'monitorName' | 'scopeId' | 'destinationCategory'
>;

interface ShownSeries {
  readonly family: Family;
  readonly chunk: Chunk;
  lines: Lines;
  /** Number of lines within the limit over all queries. */
  allowance: number;
}

/** The lines of all series of a query, in descending order of values: the first ones are within the overall limit. */
interface Lines {
  readonly bytes: Buffer;
  /** End of each line in `bytes`. */
  readonly ends: Uint32Array;
}

const FAMILIES: readonly Family[] = [...Object.values(CONTRIBUTOR_FAMILIES), ...Object.values(DATAPOINT_FAMILIES)];

/** The series of the last results of scheduled queries, rendered when they are read: no scrape renders those of all. */
export class ContributorSections {
  readonly #shown = new Map<string, ShownSeries>();
  readonly #chunks = new Map<Family, Set<Chunk>>(FAMILIES.map((family) => [family, new Set()]));

  /** Replaces the series of a query, in descending order of values. `allowance` of them are exported. */
  replace(query: ContributorsQuery, series: readonly ContributorSeries[], allowance: number): void {
    const family = familyOf(query);
    const lines = linesOf(query, family, series);
    const known = this.#shown.get(query.name);
    if (known?.family !== family) {
      this.remove(query.name);
      const shown: ShownSeries = { family, lines, allowance, chunk: new Chunk(() => bytesOf(shown)) };
      this.#shown.set(query.name, shown);
      this.#chunks.get(family)?.add(shown.chunk);
    } else if (!known.lines.bytes.equals(lines.bytes) || known.allowance !== allowance) {
      Object.assign(known, { lines, allowance });
      known.chunk.changed();
    }
  }

  /** Sets the number of a query's series within the limit over all queries. */
  allow(query: string, allowance: number): void {
    const shown = this.#shown.get(query);
    if (shown !== undefined && shown.allowance !== allowance) {
      shown.allowance = allowance;
      shown.chunk.changed();
    }
  }

  /** Removes the series of a query that was removed, or whose results are stale. */
  remove(query: string): void {
    const shown = this.#shown.get(query);
    if (shown !== undefined) {
      this.#shown.delete(query);
      this.#chunks.get(shown.family)?.delete(shown.chunk);
    }
  }

  sections(): Section[] {
    return [...this.#chunks].map(([family, chunks]) => ({ family, chunks: () => [...chunks] }));
  }
}

function bytesOf({ lines: { bytes, ends }, allowance }: ShownSeries): Buffer {
  return allowance >= ends.length ? bytes : bytes.subarray(0, ends[allowance - 1] ?? 0);
}

function familyOf({ type, metricName }: ContributorsQuery): Family {
  if (type !== 'workload-insights-top-contributors-data') {
    return CONTRIBUTOR_FAMILIES[metricName];
  }
  if (metricName === 'ROUND_TRIP_TIME') {
    throw new TypeError('internal error: data points have no round-trip times');
  }
  return DATAPOINT_FAMILIES[metricName];
}

function linesOf(query: ContributorsQuery, family: Family, series: readonly ContributorSeries[]): Lines {
  const queryLabels = labelPart([
    ['query', query.name],
    ['account', query.account],
    ['aws_region', query.region],
    ['monitor', serviceLabel(query.monitorName)],
    ['scope_id', serviceLabel(query.scopeId)],
    ['destination_category', query.destinationCategory],
  ]);
  const ends = new Uint32Array(series.length);
  let end = 0;
  const lines = series.map(({ labels, value }, i) => {
    const line = sampleLines(family.name, [[labelPart(labels, queryLabels), value]]);
    end += Buffer.byteLength(line);
    ends[i] = end;
    return line;
  });
  return { bytes: Buffer.from(lines.join('')), ends };
}
