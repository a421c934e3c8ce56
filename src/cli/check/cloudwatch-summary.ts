import { formatDuration } from '../../config/reading/texts.ts';
import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import { isHealth } from '../../model/vocabulary.ts';
import { dollarsPerMonth, planReads } from '../../queries/cloudwatch-plan.ts';
import type { CloudwatchTarget } from '../../queries/cloudwatch-targets.ts';
import { fitsPattern } from '../../queries/following.ts';
import type { LoadedWithFiles } from '../../registry/load-with-files.ts';

/** More monitors than a target can have. */
const MOST_MONITORS = 100_000;

/** Returns the price of metrics: the sum, and a line for each group of equal targets. Of monitors, only named ones are known. */
export function summarizeCloudwatch({ queries, metricTargets }: LoadedWithFiles): string[] {
  if (metricTargets.length === 0) {
    return [];
  }
  const targets = metricTargets.map((target) => ({ ...target, named: namedMonitors(target, queries) }));
  const monitors = targets.reduce((sum, { named }) => sum + named, 0);
  const dollars = targets.reduce((sum, { settings, named }) => sum + dollarsOf(settings, named), 0);
  const groups = groupBy(targets, ({ settings, named }) => describe(settings, named));
  const lines = Array.from(groups, ([text, alike]) => {
    const places = alike.map(({ account, region }) => `${account} ${region}`);
    return `  ${abbreviate(places)}: ${text}`;
  });
  const price = monitors === 0 ? '' : `, ${money(dollars)} per month for ${monitorsNamed(monitors)}`;
  return [`CloudWatch: ${counted(targets.length, 'target')}${price}`, ...lines];
}

type Settings = CloudwatchTarget['settings'];

function dollarsOf(settings: Settings, monitors: number): number {
  return dollarsPerMonth(planReads(settings, monitors));
}

/** Returns the number of selected monitors that queries of a target name. */
function namedMonitors({ account, region, settings }: CloudwatchTarget, queries: readonly RegisteredQuery[]): number {
  const names = queries
    .filter((query) => query.account === account && query.region === region)
    .flatMap(({ monitorName }) => monitorName ?? []);
  return [...new Set(names)].filter((name) => fitsPattern(name, settings.monitors.name)).length;
}

/** Describes the reads of a target, their price, and the effect of the cost limit. */
function describe(settings: Settings, named: number): string {
  const { metrics, maxMetricsPerDay } = settings;
  const { interval, sumsInterval } = planReads({ ...settings, maxMetricsPerDay: undefined }, 1);
  const others = metrics.filter((metric) => !isHealth(metric));
  const reads = [
    ...(metrics.some(isHealth) ? [`HealthIndicator every ${formatDuration(interval)}`] : []),
    ...(others.length > 0 ? [`${counted(others.length, 'other metric')} every ${formatDuration(sumsInterval)}`] : []),
  ];
  const unlimited = dollarsOf({ ...settings, maxMetricsPerDay: undefined }, 1);
  const price = `${reads.join(', ')}: ${money(unlimited)} per month for each monitor`;
  return maxMetricsPerDay === undefined ? price : `${price}; ${describeLimit(settings, maxMetricsPerDay, named)}`;
}

function describeLimit(settings: Settings, limit: number, named: number): string {
  const most = `at most ${limit} metrics per day (${money(dollarsPerMonth({ metricsPerDay: limit }))} per month)`;
  const { isLimited, interval, sumsInterval } = planReads(settings, named);
  if (isLimited) {
    const stretched = [
      ...(interval > settings.interval ? [`interval to ${formatDuration(interval)}`] : []),
      ...(sumsInterval > settings.sumsInterval ? [`sumsInterval to ${formatDuration(sumsInterval)}`] : []),
    ];
    return `${most} stretch ${stretched.join(' and ')} for ${monitorsNamed(named)}`;
  }
  return `${most} are enough for ${counted(fittingMonitors(settings), 'monitor')}; with more, intervals are stretched`;
}

/** Returns the largest number of monitors whose reads the cost limit does not stretch. */
function fittingMonitors(settings: Settings): number {
  let [fits, exceeds] = [0, MOST_MONITORS];
  while (exceeds - fits > 1) {
    const middle = Math.floor((fits + exceeds) / 2);
    if (planReads(settings, middle).isLimited) {
      exceeds = middle;
    } else {
      fits = middle;
    }
  }
  return fits;
}

function monitorsNamed(count: number): string {
  return `the ${counted(count, 'monitor')} that queries name`;
}

function money(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}
