import type { QueryView } from '../../registry/query-view.ts';

/** What the page says of a query at a glance. */
export interface Condition {
  readonly text: string;
  /** A class of the style sheet, which gives it a colour and a shape. */
  readonly tone: 'bad' | 'warn' | 'busy' | 'good' | 'idle';
}

const FAILING: Condition = { text: 'failing', tone: 'bad' };
const UNKNOWN: Condition = { text: 'unknown', tone: 'idle' };
const WAITING: Condition = { text: 'waiting', tone: 'idle' };

/** What a query can be in, worst first: our trouble in asking, then the service's verdict. */
export const CONDITIONS: readonly Condition[] = [
  FAILING,
  { text: 'FAILED', tone: 'bad' },
  { text: 'CANCELED', tone: 'warn' },
  UNKNOWN,
  WAITING,
  { text: 'QUEUED', tone: 'busy' },
  { text: 'RUNNING', tone: 'busy' },
  { text: 'SUCCEEDED', tone: 'good' },
];

/** Each query is in one condition; one that is failing may have a last known status besides. */
export function conditionOf(query: Pick<QueryView, 'status' | 'up'>): Condition {
  if (query.up === false) {
    return FAILING;
  }
  if (query.status === null && query.up === null) {
    return WAITING;
  }
  return CONDITIONS.find(({ text }) => text === query.status) ?? UNKNOWN;
}
