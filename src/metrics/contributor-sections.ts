import type { MetricName, QueryType } from '../model/vocabulary.ts';
import type { ContributorSeries } from '../results/contributor-series.ts';
import { CONTRIBUTOR_FAMILIES, DATAPOINT_FAMILIES } from './contributor-families.ts';
import type { Section } from './exposition.ts';
import type { Family } from './family.ts';
import { Chunk } from './gzip/chunk.ts';
import { labelPart, sampleLines, serviceLabel } from './text.ts';

/** What of a query its contributor series depend on. */
export interface ContributorsQuery {
  readonly name: string;
  readonly type: QueryType;
  readonly metricName: MetricName;
  readonly account: string;
  readonly region: string;
  readonly monitorName: string | undefined;
  readonly scopeId: string | undefined;
  readonly destinationCategory: string;
}

interface Shown {
  readonly family: Family;
  readonly chunk: Chunk;
  lines: Lines;
  /** How many of the lines a cap over all queries lets through. */
  allowance: number;
}

/**
 * The lines of all of a query's series, the worst first, as the bytes of the page: neither the series' objects nor a
 * second copy are kept, and the first lines of it are what a cap lets through.
 */
interface Lines {
  readonly bytes: Buffer;
  /** Where each line ends in `bytes`. */
  readonly ends: Uint32Array;
}

const FAMILIES: readonly Family[] = [...Object.values(CONTRIBUTOR_FAMILIES), ...Object.values(DATAPOINT_FAMILIES)];

/**
 * The series of the last results of scheduled queries. A query's lines are a chunk of their own, written when its results
 * come, so that no scrape has to write those of all queries at once.
 */
export class ContributorSections {
  readonly #shown = new Map<string, Shown>();
  readonly #chunks = new Map<Family, Set<Chunk>>(FAMILIES.map((family) => [family, new Set()]));

  /** The query has other results, whose series are exported as far as `allowance` goes. `series` has the worst first. */
  replace(query: ContributorsQuery, series: readonly ContributorSeries[], allowance: number): void {
    const family = familyOf(query);
    const lines = linesOf(query, family, series);
    let shown = this.#shown.get(query.name);
    if (shown?.family !== family) {
      this.remove(query.name);
      shown = this.#add(query.name, family);
    }
    if (!shown.lines.bytes.equals(lines.bytes) || shown.allowance !== allowance) {
      shown.lines = lines;
      shown.allowance = allowance;
      shown.chunk.changed();
    }
  }

  /** A cap over all queries lets another number of the query's series through. */
  allow(query: string, allowance: number): void {
    const shown = this.#shown.get(query);
    if (shown !== undefined && shown.allowance !== allowance) {
      shown.allowance = allowance;
      shown.chunk.changed();
    }
  }

  /** The query has left, or its results have become too old. */
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

  #add(query: string, family: Family): Shown {
    const shown: Shown = {
      family,
      chunk: new Chunk(() => bytesOf(shown)),
      lines: { bytes: Buffer.alloc(0), ends: new Uint32Array() },
      allowance: 0,
    };
    this.#shown.set(query, shown);
    this.#chunks.get(family)?.add(shown.chunk);
    return shown;
  }
}

function bytesOf({ lines: { bytes, ends }, allowance }: Shown): Buffer {
  return allowance >= ends.length ? bytes : bytes.subarray(0, ends[allowance - 1] ?? 0);
}

function familyOf({ type, metricName }: ContributorsQuery): Family {
  if (type !== 'workload-insights-top-contributors-data') {
    return CONTRIBUTOR_FAMILIES[metricName];
  }
  if (metricName === 'ROUND_TRIP_TIME') {
    throw new TypeError('Queries of data points know no round-trip times');
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
