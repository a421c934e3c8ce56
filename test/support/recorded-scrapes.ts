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
    const samples = body
      .split('\n')
      .filter((line) => this.#names.has(/^\w+/.exec(line)?.[0] ?? ''))
      .map(readSample);
    for (const sample of [...samples, { name: 'up', labels: {}, value: daemon === undefined ? 0 : 1 }]) {
      this.#add(sample);
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

  #add({ name, labels, value }: Sample): void {
    const pairs = Object.entries({ ...labels, ...this.#target });
    const key = `${name}{${pairs.map(([label, text]) => `${label}=${JSON.stringify(text)}`).join(', ')}}`;
    const values = this.#series.get(key) ?? Array.from<string>({ length: this.#count }).fill('_');
    this.#series.set(key, values);
    values.push(`${name.endsWith('_timestamp_seconds') ? value - this.#start : value}`);
  }
}
