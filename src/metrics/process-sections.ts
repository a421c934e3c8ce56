import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Section } from './exposition.ts';
import { Chunk } from './gzip/chunk.ts';
import { labelPart } from './text.ts';

/** promtool refuses the names of these: gauges that end in `_total`. */
const REFUSED = /^nodejs_active_(handles|requests|resources)/;
/** All read from one histogram, which is emptied at each scrape; an empty one gives NaN and the largest integers. */
const EVENT_LOOP_DELAY = /^nodejs_eventloop_lag_(min|max|mean|stddev|p\d+)_seconds$/;
const EVENT_LOOP_MEAN = 'nodejs_eventloop_lag_mean_seconds';
/** Measured after a scrape, for the next one; 0 before the first. */
const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_seconds';

type Samples = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** prom-client's metrics of the process and of Node, written in the same formats as ours. */
export function processSections(): { sections: Section[]; refresh(): Promise<void> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const latest = new Map<string, Samples>();
  const chunks: Chunk[] = [];
  const sections = registry
    .getMetricsAsArray()
    .filter(({ name }) => !REFUSED.test(name))
    .map(({ name, help, type }): Section => {
      const chunk = new Chunk(() => sampleLines(latest.get(name)));
      chunks.push(chunk);
      return { family: { name, help, type: familyType(type), group: 'process' }, chunks: () => [chunk] };
    });
  return {
    sections,
    async refresh() {
      const all = await registry.getMetricsAsJSON();
      const delayKnown = all.some(({ name, values }) => name === EVENT_LOOP_MEAN && !Number.isNaN(values[0]?.value));
      for (const samples of all) {
        const isKnown = EVENT_LOOP_DELAY.test(samples.name)
          ? delayKnown
          : samples.name !== EVENT_LOOP_LAG || samples.values[0]?.value !== 0;
        // What is not known again keeps its last samples: those of a scrape a moment ago, which emptied the histogram.
        if (isKnown) {
          latest.set(samples.name, samples);
        }
      }
      for (const chunk of chunks) {
        chunk.changed();
      }
    },
  };
}

/** prom-client declares an enum of numbers here, but has the texts of the formats. */
function familyType(type: unknown): Section['family']['type'] {
  if (type === 'counter' || type === 'gauge' || type === 'histogram') {
    return type;
  }
  throw new Error(`prom-client's default metrics have a type that is not known here: ${type}`);
}

function sampleLines(samples: Samples | undefined): string {
  if (samples === undefined) {
    return '';
  }
  return samples.values
    .map((sample) => {
      const name = 'metricName' in sample ? String(sample.metricName) : samples.name;
      const labels = Object.entries(sample.labels).map(
        ([label, value]) => [label, value === undefined ? undefined : String(value)] as const,
      );
      return `${name}${labelPart(labels)} ${sample.value}\n`;
    })
    .join('');
}
