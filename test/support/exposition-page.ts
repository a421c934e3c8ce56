import type { MetricGroup } from '../../src/metrics/families.ts';

/** The path of all metrics, or of those of some groups. */
export function metricsPath(groups: readonly MetricGroup[]): string {
  return groups.length === 0 ? '/metrics' : `/metrics?${groups.map((group) => `collect[]=${group}`).join('&')}`;
}

/** A line of a page: metric name, labels, and value. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HELP = /^# HELP (?<name>[a-z_][a-z0-9_]*) \S.*$/;
const TYPE = /^# TYPE (?<name>[a-z_][a-z0-9_]*) (?<type>counter|gauge|histogram)$/;
const SERIES = /^(?<name>[a-z_][a-z0-9_]*)(?:\{(?<labels>.*)\})?$/;
const VALUE = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/;
const LABEL = /(?<name>[a-z_][a-z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'];

/** A series as it was read. */
interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Equal for all texts of the series. */
  readonly key: string;
}

/** Series by their text. Tests read the same series often, and reading its labels takes most of the time. */
const knownSeries = new Map<string, Series>();
const MAX_KNOWN_SERIES = 50_000;

/** A strict reader of the text format 0.0.4: any deviation is an error. */
export class ExpositionPage {
  readonly #samples = new Map<string, Sample[]>();

  constructor(text: string) {
    if (!text.endsWith('\n')) {
      throw new Error('the page does not end in a newline');
    }
    const series = new Set<string>();
    let help: string | undefined;
    let family: { readonly name: string; readonly type: string } | undefined;
    for (const line of text.slice(0, -1).split('\n')) {
      const described = line.startsWith('#') ? HELP.exec(line)?.groups?.['name'] : undefined;
      if (described !== undefined) {
        help = described;
        continue;
      }
      const typed = line.startsWith('#') ? TYPE.exec(line)?.groups : undefined;
      if (typed !== undefined) {
        const { name = '', type = '' } = typed;
        if (name !== help || this.#samples.has(name)) {
          throw new Error(`TYPE without its HELP before it, or a second one: ${line}`);
        }
        family = { name, type };
        this.#samples.set(name, []);
        continue;
      }
      const { name, labels, key, value } = readLine(line);
      if (family === undefined || !belongs(name, family)) {
        throw new Error(`a sample outside its family: ${line}`);
      }
      if (series.has(key)) {
        throw new Error(`a series twice: ${line}`);
      }
      series.add(key);
      this.#samples.get(family.name)?.push({ name, labels, value });
    }
  }

  /** The samples of a family with all of `labels`. */
  samples(family: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const all = this.#samples.get(family);
    if (all === undefined) {
      throw new Error(`the page has no family ${family}`);
    }
    return all.filter((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value));
  }

  /** The value of the only sample with all of `labels`; undefined if there is none. */
  value(family: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.samples(family, labels);
    if (found.length > 1) {
      throw new Error(`${found.length} samples of ${family} carry ${JSON.stringify(labels)}`);
    }
    return found[0]?.value;
  }

  /** The status of a query from its state set, which must be complete with exactly one 1; undefined if it is absent. */
  status(query: string): string | undefined {
    const set = this.samples('aws_nfm_query_status', { query });
    if (set.length === 0) {
      return undefined;
    }
    const [current, ...more] = set.filter(({ value }) => value === 1).map(({ labels }) => labels['status']);
    const names = set.map(({ labels }) => labels['status']).sort();
    if (current === undefined || more.length > 0 || names.join() !== [...STATUSES].sort().join()) {
      throw new Error(`not a state set: ${JSON.stringify(set)}`);
    }
    return current;
  }

  /** The `error` of a query's last error; undefined if there is none. */
  lastError(query: string): string | undefined {
    const [sample, ...more] = this.samples('aws_nfm_query_last_error', { query });
    if (more.length > 0 || (sample !== undefined && (sample.value !== 1 || sample.labels['operation'] !== 'status'))) {
      throw new Error(`query ${query} has other than one last error of its status requests`);
    }
    return sample?.labels['error'];
  }

  /** Failed attempts in an account by the label `error`, without zeros. */
  apiErrors(account: string): Readonly<Record<string, number>> {
    const failed = this.samples('aws_nfm_api_errors_total', { account }).filter(({ value }) => value > 0);
    return Object.fromEntries(failed.map(({ labels, value }) => [labels['error'] ?? '', value]));
  }
}

/** Reads a line with a sample. @throws Error */
export function readSample(line: string): Sample {
  const { name, labels, value } = readLine(line);
  return { name, labels, value };
}

function readLine(line: string): Series & Sample {
  const end = line.lastIndexOf(' ');
  const text = line.slice(0, Math.max(0, end));
  const value = line.slice(end + 1);
  let series = knownSeries.get(text);
  if (series === undefined) {
    // A copy, since a part of the page would keep all of it in memory.
    const copy = Buffer.from(text).toString();
    series = readSeries(copy, line);
    if (knownSeries.size >= MAX_KNOWN_SERIES) {
      knownSeries.clear();
    }
    knownSeries.set(copy, series);
  }
  if (!VALUE.test(value)) {
    throw new Error(`neither HELP, TYPE nor a sample: ${line}`);
  }
  return { ...series, value: Number(value) };
}

function readSeries(text: string, line: string): Series {
  const { name, labels = '' } = SERIES.exec(text)?.groups ?? {};
  if (name === undefined) {
    throw new Error(`neither HELP, TYPE nor a sample: ${line}`);
  }
  const read: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < labels.length) {
    const label = LABEL.exec(labels)?.groups;
    if (label?.['name'] === undefined || Object.hasOwn(read, label['name'])) {
      throw new Error(`labels that cannot be read: ${line}`);
    }
    const value = label['value'] ?? '';
    read[label['name']] = value.replace(/\\(.)/g, (_escape, char) => (char === 'n' ? '\n' : char));
  }
  return { name, labels: Object.freeze(read), key: `${name}${JSON.stringify(Object.entries(read).sort())}` };
}

function belongs(sample: string, { name, type }: { readonly name: string; readonly type: string }): boolean {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  return suffixes.some((suffix) => sample === name + suffix);
}
