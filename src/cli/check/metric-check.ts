import type { CloudwatchClient } from '../../aws/cloudwatch/client.ts';
import { PERIOD_MS } from '../../aws/cloudwatch/metric-data.ts';
import type { CloudwatchSettings } from '../../config/config.ts';
import { formatDuration } from '../../config/reading/texts.ts';
import { counted } from '../../lib/text.ts';
import { isHealth } from '../../model/vocabulary.ts';
import { dollarsPerMonth, planReads } from '../../queries/cloudwatch-plan.ts';
import { selectSubjects } from '../../queries/following.ts';
import { countSelected, type ListedMonitor, NEVER_ABORTED } from './online-selectors.ts';
import type { Check } from './target-checks.ts';

/** A monitor that does not exist. CloudWatch has no points of it, and checks permissions nevertheless. */
const NO_MONITOR = 'arn:aws:networkflowmonitor:us-east-1:000000000000:monitor/none';

/**
 * Returns a check that one metric of one monitor can be read from CloudWatch, for the price of one metric. Warns if no monitor
 * matches, or if it has no points.
 *
 * @param now milliseconds since the epoch
 */
export function metricCheck(
  client: CloudwatchClient,
  settings: CloudwatchSettings,
  monitors: readonly ListedMonitor[],
  now: number,
): Check {
  const { metrics, delay, lookback } = settings;
  const metric = metrics.find(isHealth) ?? metrics[0] ?? 'HealthIndicator';
  const names = selectSubjects(settings.monitors, { monitors, scopeIds: [] });
  const monitor = monitors.find(({ name, arn }) => arn !== undefined && names.includes(name));
  const end = Math.floor((now - delay) / PERIOD_MS) * PERIOD_MS;
  return {
    about: 'CloudWatch',
    async run() {
      const requests = [{ arn: monitor?.arn ?? NO_MONITOR, metric }];
      const { page } = await client.metricData(requests, { start: end - lookback, end }, undefined, NEVER_ABORTED);
      if (monitor === undefined) {
        const match = countSelected(settings.monitors, names.length, monitors.length);
        return { warning: `${match}: no metrics are read; check cloudwatch.monitors, the account, and the region` };
      }
      const points = new Set(page.flatMap((each) => each.points.map(([at]) => at))).size;
      const subject = `${metric} of monitor ${monitor.name}`;
      const range = `in the last ${formatDuration(lookback)}`;
      return points > 0
        ? `${subject} has ${counted(points, 'point')} ${range}; ${priceOf(settings, names.length)}`
        : { warning: `${subject} has no points ${range}; check that agents send data for this monitor` };
    },
  };
}

/** Returns the price of the reads of a number of monitors, and whether the cost limit stretches them. */
function priceOf(settings: CloudwatchSettings, monitors: number): string {
  const plan = planReads(settings, monitors);
  const limit = plan.isLimited ? ', with intervals stretched by maxMetricsPerDay' : '';
  return `${counted(monitors, 'monitor')}, $${dollarsPerMonth(plan).toFixed(2)} per month${limit}`;
}
