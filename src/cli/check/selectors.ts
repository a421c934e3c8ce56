import type { Config } from '../../config/config.ts';
import { counted } from '../../lib/text.ts';
import type { Follower } from '../../queries/following.ts';
import { planScheduledQueries } from '../../queries/plan.ts';
import { formatRate, requestRate, sumUpSeries } from '../../queries/targets.ts';

/** Returns the name of a selector: `queries[0] (flows)`. */
export function nameSelector({ entry }: Follower): string {
  return `${entry.path} (${entry.name})`;
}

/** Returns `2 queries per matching monitor, up to 200 series each, 0.0178 requests per second for each monitor`. */
export function describeSelector(follower: Follower, config: Config): string {
  const { entry, target, selector } = follower;
  const subject = selector.kind === 'monitors' ? 'monitor' : 'scope';
  const queries = Array.from(planScheduledQueries(entry, target, ['any']), ({ query }) => query);
  const series = sumUpSeries(config, queries.slice(0, 1));
  const requests = formatRate(queries.reduce((sum, query) => sum + requestRate(query), 0));
  return [
    `${counted(queries.length, 'query', 'queries')} per ${subject === 'monitor' ? 'matching monitor' : 'scope'}`,
    `up to ${series} series each`,
    `${requests} requests per second for each ${subject}`,
  ].join(', ');
}
