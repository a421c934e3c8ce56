import type { TargetClient } from '../../aws/client.ts';
import type { CloudwatchClient } from '../../aws/cloudwatch/client.ts';
import { PERIOD_MS } from '../../aws/cloudwatch/metric-data.ts';
import { ApiError, type ApiErrorName } from '../../aws/errors.ts';
import type { CloudwatchSettings, SubjectSelector } from '../../config/config.ts';
import { formatDuration } from '../../config/reading/texts.ts';
import { counted } from '../../lib/text.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../../model/query.ts';
import { isHealth } from '../../model/vocabulary.ts';
import { dollarsPerMonth, planReads } from '../../queries/cloudwatch-plan.ts';
import { selectSubjects } from '../../queries/following.ts';
import {
  countSelected,
  findMonitors,
  findScopes,
  type Listed,
  type ListedMonitor,
  type ListedPage,
  NEVER_ABORTED,
} from './online-selectors.ts';

/** An id of no query. A call with it changes nothing, and AWS checks permissions first. */
const NO_QUERY_ID = '00000000-0000-0000-0000-000000000000';

/** Errors after which all other calls of the target fail as well. */
export const FATAL_ERRORS: ReadonlySet<ApiErrorName> = new Set([
  'CredentialsError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NetworkError',
  'TimeoutError',
  'UnrecognizedClientException',
]);

/** Errors of a call for a nonexistent query that do not prove the permission. All others do. */
const NOT_PERMITTED: ReadonlySet<ApiErrorName> = new Set([
  ...FATAL_ERRORS,
  'AccessDeniedException',
  'InvalidResponse',
  'OtherError',
  'ThrottlingException',
  'UnknownOperationException',
]);

/** A check with calls to AWS. */
export interface Check {
  /** `monitor checkout` */
  readonly about: string;
  /** Returns the result in words: a `warning` if a call succeeded, but shows a probable mistake. @throws {ApiError} */
  run(): Promise<string | { readonly warning: string }>;
  /** Describes an error that is not a problem. Returns undefined for all others. */
  excuse?(error: ApiErrorName): string | undefined;
}

/** Returns checks of the listings, of one page unless there are selectors. `found` receives monitors and scopes for selectors. */
export function listingChecks(
  client: TargetClient,
  selectors: readonly SubjectSelector[],
  found: Listed,
): readonly Check[] {
  const listing = (
    about: SubjectSelector['kind'],
    listAll: () => Promise<readonly unknown[]>,
    listSome: () => Promise<ListedPage<unknown>>,
  ): Check => ({
    about,
    async run() {
      if (selectors.some(({ kind }) => kind === about)) {
        return `${(await listAll()).length} found`;
      }
      const { page, nextToken } = await listSome();
      return `${page.items.length}${nextToken === undefined ? '' : ' or more'} found`;
    },
  });
  return [
    listing(
      'monitors',
      async () => (found.monitors = await findMonitors(client, selectors)),
      () => client.listMonitors(undefined, NEVER_ABORTED),
    ),
    listing(
      'scopes',
      async () => (found.scopeIds = await findScopes(client)),
      () => client.listScopes(undefined, NEVER_ABORTED),
    ),
  ];
}

/** Returns checks that the monitors and scopes of queries exist. */
export function subjectChecks(client: TargetClient, queries: readonly RegisteredQuery[]): readonly Check[] {
  const subjects = new Map(queries.map((query) => [subjectOf(query), query]));
  return Array.from(subjects, ([about, { monitorName, scopeId }]) => ({
    about,
    async run() {
      const kind = monitorName === undefined ? 'scope' : 'monitor';
      return `exists, ${await client.subjectStatus(kind, monitorName ?? scopeId ?? '', NEVER_ABORTED)}`;
    },
    excuse(error) {
      const operation = monitorName === undefined ? 'GetScope' : 'GetMonitor';
      return error === 'AccessDeniedException'
        ? `existence unknown: ${operation} is not allowed, and only this check needs it`
        : undefined;
    },
  }));
}

function subjectOf({ monitorName, scopeId }: RegisteredQuery): string {
  return monitorName === undefined ? `scope ${scopeId}` : `monitor ${monitorName}`;
}

export function watchedCheck(client: TargetClient, query: WatchedQuery): Check {
  return { about: `query ${query.name}`, run: () => client.queryStatus(query, NEVER_ABORTED) };
}

/** Returns checks of the permissions to read statuses and results, for each subject and type. They start no query. */
export function scheduledChecks(client: TargetClient, queries: readonly ScheduledQuery[]): readonly Check[] {
  const kinds = new Map(queries.map((query) => [`${query.type} of ${subjectOf(query)}`, query]));
  return Array.from(kinds, ([about, query]) => ({
    about,
    async run() {
      const reference = { ...query, queryId: NO_QUERY_ID };
      await checkPermission(() => client.queryStatus(reference, NEVER_ABORTED));
      await checkPermission(() => client.queryResults(reference, undefined, () => undefined, NEVER_ABORTED));
      return 'status and results can be read; start and stop are not tested, because they change something';
    },
  }));
}

/** @throws {ApiError} if the call is not permitted, or failed otherwise */
async function checkPermission(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || NOT_PERMITTED.has(thrown.error)) {
      throw thrown;
    }
  }
}

/** A monitor that does not exist. CloudWatch has no points of it, and checks permissions nevertheless. */
const NO_MONITOR = 'arn:aws:networkflowmonitor:us-east-1:000000000000:monitor/none';

/**
 * Returns a check that one metric of one monitor can be read from CloudWatch, for the price of one metric. Warns if no monitor
 * matches, or if it has no points. `now` is in milliseconds since the epoch.
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
