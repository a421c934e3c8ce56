import { COLORS } from './colors.ts';

/** One value of a state set: what its label says, and how panels show it. */
export interface State {
  /** The value of the label, which is also the text on the panel, so that color is never the only information. */
  readonly name: string;
  readonly color: string;
}

/** A family that has a series for each state, 1 for the current one. */
export interface StateSet {
  readonly metric: string;
  /** The label that names the state. */
  readonly label: string;
  /** From good to bad. The position in the list, counted from 1, is the number of a state on a state timeline. */
  readonly states: readonly State[];
}

export const QUERY_STATUS: StateSet = {
  metric: 'aws_nfm_query_status',
  label: 'status',
  states: [
    { name: 'SUCCEEDED', color: COLORS.green },
    { name: 'QUEUED', color: COLORS.sky },
    { name: 'RUNNING', color: COLORS.blue },
    { name: 'CANCELED', color: COLORS.purple },
    { name: 'FAILED', color: COLORS.vermillion },
  ],
};

export const RUN_OUTCOME: StateSet = {
  metric: 'aws_nfm_query_last_run_outcome',
  label: 'outcome',
  states: [
    { name: 'succeeded', color: COLORS.green },
    { name: 'skipped', color: COLORS.yellow },
    { name: 'canceled', color: COLORS.purple },
    { name: 'start_failed', color: COLORS.sky },
    { name: 'results_failed', color: COLORS.blue },
    { name: 'timed_out', color: COLORS.orange },
    { name: 'failed', color: COLORS.vermillion },
  ],
};

export const MONITOR_STATUS: StateSet = {
  metric: 'aws_nfm_monitor_status',
  label: 'status',
  states: [
    { name: 'ACTIVE', color: COLORS.green },
    { name: 'PENDING', color: COLORS.sky },
    { name: 'INACTIVE', color: COLORS.grey },
    { name: 'DELETING', color: COLORS.purple },
    { name: 'ERROR', color: COLORS.vermillion },
  ],
};

export const SCOPE_STATUS: StateSet = {
  metric: 'aws_nfm_scope_status',
  label: 'status',
  states: [
    { name: 'SUCCEEDED', color: COLORS.green },
    { name: 'IN_PROGRESS', color: COLORS.sky },
    { name: 'DEACTIVATING', color: COLORS.purple },
    { name: 'DEACTIVATED', color: COLORS.grey },
    { name: 'FAILED', color: COLORS.vermillion },
  ],
};

/** Meanings of 0 and 1 in a family that shows if the last attempt succeeded. */
export const BAD_OR_GOOD: readonly State[] = [
  { name: 'FAILED', color: COLORS.vermillion },
  { name: 'good', color: COLORS.green },
];

/** Meanings of 0 and 1 in a family that shows if there is a response. */
export const DOWN_OR_UP: readonly State[] = [
  { name: 'DOWN', color: COLORS.vermillion },
  { name: 'up', color: COLORS.green },
];

/** Meanings of the values of `EXPORTER_UP`. */
export const EXPORTER_STATES: readonly State[] = [...DOWN_OR_UP, { name: 'GONE', color: COLORS.purple }];

/**
 * The number of the current state of each object, for a state timeline. If two exporters export different states of the
 * same object, the worse one.
 *
 * @param matchers the series to look at.
 * @param by the labels that identify the object.
 */
export function stateNumber({ metric, label, states }: StateSet, matchers: string, by: string): string {
  const numbered = states.map(({ name }, index) => `${index + 1} * ${metric}{${label}="${name}", ${matchers}}`);
  return `max by (${by}) (${numbered.join(' or ')})`;
}
