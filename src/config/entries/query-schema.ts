import type { MetricName, MonitorStatus, QueryType, RowLabel } from '../../model/vocabulary.ts';
import {
  accountSelection,
  duration,
  id,
  monitorName,
  name,
  type OneOrList,
  oneOrList,
  optional,
  queryType,
  region,
  type Selection,
  timerDuration,
} from '../reading/formats.ts';
import type { SectionSchema } from '../schema.ts';
import {
  categorySelection,
  durationOrZero,
  every,
  limit,
  lookback,
  metricSelection,
  monitorGlob,
  monitorStatuses,
  rowLabels,
} from './scheduled-formats.ts';

interface SharedKeys {
  type: QueryType;
  account: Selection<string> | undefined;
  region: OneOrList<string> | undefined;
}

const SHARED: SectionSchema<SharedKeys> = {
  type: { doc: 'The family of queries in the API', format: queryType, default: 'monitor-top-contributors' },
  account: {
    doc: 'Account or accounts; default: the only one of the file, else default',
    format: optional(accountSelection),
    default: undefined,
  },
  region: {
    doc: 'Region or regions; default: all of the account',
    format: optional(oneOrList(region)),
    default: undefined,
  },
};

export interface CommonKeys extends SharedKeys {
  name: string | undefined;
}

/** Keys of watched and of scheduled queries, but for `labels`, whose keys are the user's. */
export const COMMON: SectionSchema<CommonKeys> = {
  name: {
    doc: 'Name of the query, or of the queries this entry fans out to',
    format: optional(name),
    default: undefined,
  },
  ...SHARED,
};

const SCOPE_ID = id("a scope's id");

interface WatchedOnlyKeys {
  monitorName: string | undefined;
  scopeId: string | undefined;
  queryId: string | undefined;
  interval: number | undefined;
}

/** Keys of a watched query beside those of {@link COMMON}. */
export const WATCHED_ONLY: SectionSchema<WatchedOnlyKeys> = {
  monitorName: { doc: 'The monitor that was asked', format: optional(monitorName), default: undefined },
  scopeId: { doc: 'The scope that was asked, for workload insights', format: optional(SCOPE_ID), default: undefined },
  queryId: {
    doc: "The query's id, as its start returned it",
    format: optional(id("a query's id")),
    default: undefined,
  },
  interval: {
    doc: 'How often it is polled; default: polling.interval',
    format: optional(timerDuration),
    default: undefined,
  },
};

interface ScheduledOnlyKeys {
  monitorName: OneOrList<string> | undefined;
  scopeId: OneOrList<string> | undefined;
  metricName: Selection<MetricName> | undefined;
  destinationCategory: Selection<string> | undefined;
  limit: number;
  contributorLabels: readonly RowLabel[] | undefined;
}

/** Keys of a scheduled query beside those of {@link COMMON}, but for `schedule` and `monitorSelector`, which are mappings. */
export const SCHEDULED_ONLY: SectionSchema<ScheduledOnlyKeys> = {
  monitorName: { doc: 'Monitor or monitors to ask', format: optional(oneOrList(monitorName)), default: undefined },
  scopeId: {
    doc: 'Scope or scopes to ask, for workload insights',
    format: optional(oneOrList(SCOPE_ID)),
    default: undefined,
  },
  metricName: {
    doc: 'What to ask for; ROUND_TRIP_TIME exists for monitors only',
    format: optional(metricSelection),
    default: undefined,
  },
  destinationCategory: { doc: 'Which flows to ask about', format: optional(categorySelection), default: undefined },
  limit: { doc: 'Rows of a result, at most; not for the -data type', format: limit, default: 100 },
  contributorLabels: {
    doc: 'Row labels of its contributor series; default: contributors.labels',
    format: optional(rowLabels),
    default: undefined,
  },
};

export interface ScheduleKeys {
  every: number | undefined;
  lookback: number | undefined;
  delay: number;
  timeout: number | undefined;
}

/** `schedule` of a scheduled query. */
export const SCHEDULE: SectionSchema<ScheduleKeys> = {
  every: { doc: 'Time from window to window', format: optional(every), default: undefined },
  lookback: { doc: 'Length of a window; default: every, at most 1h', format: optional(lookback), default: undefined },
  delay: { doc: 'From the end of a window until its run is due', format: durationOrZero, default: '2m' },
  timeout: {
    doc: 'How long a run may take before it is stopped; default: 10m, or every if that is less',
    format: optional(duration),
    default: undefined,
  },
};

export interface MonitorSelectorKeys {
  name: string;
  status: readonly MonitorStatus[];
}

/** `monitorSelector` of a scheduled query, but for `tags`, whose keys are the user's. */
export const MONITOR_SELECTOR: SectionSchema<MonitorSelectorKeys> = {
  name: {
    doc: "Pattern of the monitors' names: * stands for any characters, ? for one",
    format: monitorGlob,
    default: '*',
  },
  status: { doc: 'Statuses that the monitors may have', format: monitorStatuses, default: ['ACTIVE'] },
};

export type WatchedKeys = CommonKeys & WatchedOnlyKeys;
export const WATCHED: SectionSchema<WatchedKeys> = { ...COMMON, ...WATCHED_ONLY };

export type ScheduledKeys = CommonKeys & ScheduledOnlyKeys;
export const SCHEDULED: SectionSchema<ScheduledKeys> = { ...COMMON, ...SCHEDULED_ONLY };

export type QueryDefaultKeys = SharedKeys & Pick<WatchedOnlyKeys, 'queryId' | 'interval'> & ScheduledOnlyKeys;

/** `queryDefaults`, but for `labels`, `schedule` and `monitorSelector`: what an entry may have, less its name. */
export const QUERY_DEFAULTS: SectionSchema<QueryDefaultKeys> = {
  ...SHARED,
  queryId: WATCHED_ONLY.queryId,
  interval: WATCHED_ONLY.interval,
  ...SCHEDULED_ONLY,
};

/** All keys of `queryDefaults`. */
export const QUERY_DEFAULT_KEYS = [
  ...Object.keys(SHARED),
  'labels',
  ...Object.keys(WATCHED_ONLY),
  'schedule',
  'monitorSelector',
  ...Object.keys(SCHEDULED_ONLY).filter((key) => !(key in WATCHED_ONLY)),
];

/** All keys of an entry of `queries`. */
export const QUERY_KEYS = ['name', ...QUERY_DEFAULT_KEYS];
