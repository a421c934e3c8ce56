import type { RunningDaemon } from './daemon.ts';
import { readSample, type Sample } from './exposition-page.ts';
import { namesIn } from './promql.ts';

/** A series of a unit test of rules. */
export interface InputSeries {
  readonly series: string;
  readonly values: string;
}

/** Scrapes of one exporter at equal intervals, as a Prometheus would store them. */
export class RecordedScrapes {
  readonly #target: Readonly<Record<string, string>>;
  readonly #names: ReadonlySet<string>;
  /** Start of the simulated time, in seconds since the epoch: the time of unit tests of rules starts with 0. */
  readonly #start: number;
  readonly #series = new Map<string, string[]>();
  /** Texts of series for unit tests, by their texts on the page. */
  readonly #keys = new Map<string, string>();
  #count = 0;

  /** Keeps the series that `expressions` select. `start` is in milliseconds since the epoch. */
  constructor(target: Readonly<Record<string, string>>, expressions: readonly string[], start: number) {
    this.#target = target;
    this.#names = new Set(expressions.flatMap((text) => namesIn(text).selectors.map(({ metric }) => metric)));
    this.#start = start / 1_000;
  }

  /** Stores the current page; without a daemon, a failed scrape. */
  async scrape(daemon: Pick<RunningDaemon, 'url'> | undefined): Promise<void> {
    const headers = { 'accept-encoding': 'identity' };
    const body = daemon === undefined ? '' : await (await fetch(`${daemon.url}/metrics`, { headers })).text();
    for (const line of [...body.split('\n'), `up ${daemon === undefined ? 0 : 1}`]) {
      if (this.#names.has(/^\w+/.exec(line)?.[0] ?? '')) {
        this.#add(line);
      }
    }
    this.#count += 1;
    for (const values of this.#series.values()) {
      if (values.length < this.#count) {
        values.push(values.at(-1) === 'stale' || values.at(-1) === '_' ? '_' : 'stale');
      }
    }
  }

  series(): InputSeries[] {
    return [...this.#series].map(([series, values]) => ({ series, values: values.join(' ') }));
  }

  #add(line: string): void {
    const sample = readSample(line);
    const text = line.slice(0, line.lastIndexOf(' '));
    const key = this.#keys.get(text) ?? this.#keyOf(sample);
    this.#keys.set(text, key);
    const values = this.#series.get(key) ?? Array.from<string>({ length: this.#count }).fill('_');
    this.#series.set(key, values);
    values.push(`${sample.name.endsWith('_timestamp_seconds') ? sample.value - this.#start : sample.value}`);
  }

  #keyOf({ name, labels }: Sample): string {
    const pairs = Object.entries({ ...labels, ...this.#target });
    return `${name}{${pairs.map(([label, text]) => `${label}=${JSON.stringify(text)}`).join(', ')}}`;
  }
}
