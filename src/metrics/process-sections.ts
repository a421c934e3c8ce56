import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Section, scrapedSection } from './exposition.ts';
import { labelPart, type Sample } from './text.ts';

/** promtool rejects the names of these: gauges that end in `_total`. */
const REFUSED = /^nodejs_active_(handles|requests|resources)/;
/** Read from one histogram, which each scrape empties. An empty one returns NaN and the largest integers. */
const EVENT_LOOP_DELAY = /^nodejs_eventloop_lag_(min|max|mean|stddev|p\d+)_seconds$/;
const EVENT_LOOP_MEAN = 'nodejs_eventloop_lag_mean_seconds';
/** Measured after a scrape for the next one. 0 before the first. */
const EVENT_LOOP_LAG = 'nodejs_eventloop_lag_seconds';

type Samples = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** Returns prom-client's metrics of the process and of Node, in the formats of the exporter's own metrics. */
export function processSections(): { sections: Section[]; refresh(): Promise<void> } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const latest = new Map<string, Samples>();
  const sections = registry
    .getMetricsAsArray()
    .filter(({ name }) => !REFUSED.test(name))
    .map(({ name, help, type }) =>
      scrapedSection({ name, help, type: familyType(type), group: 'process' }, () => samplesOf(latest.get(name))),
    );
  return {
    sections,
    async refresh() {
      const all = await registry.getMetricsAsJSON();
      const delayKnown = all.some(({ name, values }) => name === EVENT_LOOP_MEAN && !Number.isNaN(values[0]?.value));
      for (const samples of all) {
        const isKnown = EVENT_LOOP_DELAY.test(samples.name)
          ? delayKnown
          : samples.name !== EVENT_LOOP_LAG || samples.values[0]?.value !== 0;
        // Unknown values keep their last samples: those of a scrape a moment ago, which emptied the histogram.
        if (isKnown) {
          latest.set(samples.name, samples);
        }
      }
    },
  };
}

/** Checks a type: prom-client declares an enum of numbers, but its values are the words of the formats. */
function familyType(type: unknown): Section['family']['type'] {
  if (type === 'counter' || type === 'gauge' || type === 'histogram') {
    return type;
  }
  throw new Error(`internal error: unknown type of a prom-client metric: ${type}`);
}

function samplesOf(samples: Samples | undefined): Sample[] {
  return (samples?.values ?? []).map((sample) => {
    const name = 'metricName' in sample ? String(sample.metricName) : '';
    const labels = Object.entries(sample.labels).map(([label, value]) => [label, value?.toString()] as const);
    return [labelPart(labels), sample.value, name.slice(samples?.name.length)];
  });
}
