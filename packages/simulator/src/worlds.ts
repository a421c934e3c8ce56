import * as field from './fields.ts';

/**
 * Undocumented behavior of the service, as options: each value is one possible behavior. All times are in milliseconds. The
 * first of several words is the default.
 */
const WORLDS = {
  /** Error of status and stop for an unknown query ID. Results always return ResourceNotFoundException, as in the model. */
  unknownQueryId: field.choice(
    'ResourceNotFoundException',
    'ValidationException',
    'AccessDeniedException',
    'InternalServerException',
  ),
  /** Error of a start for a monitor or scope that does not exist. */
  unknownMonitorOnStart: field.choice('ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'),
  /** Error of results for a query that has not SUCCEEDED (in progress, failed, or canceled). */
  resultsBeforeEnd: field.choice('ValidationException', 'ResourceNotFoundException', 'empty'),
  /** Results without rows: an empty list, or no member, unless the list is required. */
  emptyResults: field.choice('list', 'absent'),
  /** Maximum number of items per page, independent of maxResults. */
  pageSize: field.defaulted(field.number(1, 500, 'integer'), 25),
  /** Maximum number of queries in progress per account and region. More starts: ServiceQuotaExceededException. */
  maxRunningQueries: field.optional(field.number(0, 1_000_000, 'integer')),
  /** Request rate per account and region, with a burst of one second. More requests: ThrottlingException. */
  requestsPerSecond: field.optional(field.number(0.01, 1_000_000, 'number')),
  /** Time after the start during which a query is unknown to status and stop. */
  visibleAfter: field.defaulted(field.duration, 0),
  /** Time from a stop until the status is CANCELED. */
  stopDelay: field.defaulted(field.duration, 0),
  /** Time after their end for which started queries are kept. */
  retention: field.defaulted(field.duration, 3_600_000),
  /** Units to draw: those that match the metric (and none), or all of the model. */
  units: field.choice('fitting', 'any'),
  /** Form of times: as in the model (numbers for createdAt and modifiedAt, text for data points), or all in one form. */
  timestamps: field.choice('modelled', 'numbers', 'text'),
  /** Form of an error's name: three forms of the x-amzn-errortype header, or `__type` or `code` in the body. */
  errorForm: field.choice('plain', 'namespaced', 'uri', 'bodyType', 'bodyCode'),
  /** Name of the member with the message of an error. */
  messageKey: field.choice('message', 'Message'),
};
export type Worlds = field.Shape<typeof WORLDS>;

export const defaultWorlds: Worlds = field.defaultsOf(WORLDS);
export const readWorlds: field.Reader<Worlds> = field.objectOf(WORLDS);
