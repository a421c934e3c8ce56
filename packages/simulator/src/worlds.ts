import {
  choice,
  defaulted,
  defaultsOf,
  duration,
  number,
  objectOf,
  optional,
  type Reader,
  type Shape,
} from './fields.ts';

/**
 * What nobody documents about the service, as switches: each value is a world a client may find itself in. All times
 * are in milliseconds. The first of several words is the default.
 */
const WORLDS = {
  /** How status and stop answer a query id they do not know. Results always answer ResourceNotFoundException: declared. */
  unknownQueryId: choice(
    'ResourceNotFoundException',
    'ValidationException',
    'AccessDeniedException',
    'InternalServerException',
  ),
  /** How a start answers a monitor or scope that does not exist. */
  unknownMonitorOnStart: choice('ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'),
  /** How results answer for a query that has not SUCCEEDED, be it under way or ended otherwise. */
  resultsBeforeEnd: choice('ValidationException', 'ResourceNotFoundException', 'empty'),
  /** How a SUCCEEDED query without rows looks: an empty list, or no member at all (the list stays where it is required). */
  emptyResults: choice('list', 'absent'),
  /** The most items a page holds, whatever maxResults asks for. */
  pageSize: defaulted(number(1, 500, 'integer'), 25),
  /** Starts beyond so many queries under way in one account and region: ServiceQuotaExceededException. */
  maxRunningQueries: optional(number(0, 1_000_000, 'integer')),
  /** Requests to one account and region beyond this rate, after a burst of one second's worth: ThrottlingException. */
  requestsPerSecond: optional(number(0.01, 1_000_000, 'number')),
  /** For so long after its start, status and stop do not know a query yet. */
  visibleAfter: defaulted(duration, 0),
  /** From a stop until the status says CANCELED. */
  stopDelay: defaulted(duration, 0),
  /** Started queries are forgotten so long after their end. */
  retention: defaulted(duration, 3_600_000),
  /** Units drawn for an answer: those that fit the metric (and none), or all that the service can name. */
  units: choice('fitting', 'any'),
  /** As the model has them (createdAt and modifiedAt numbers, data points' times text), or all of one form. */
  timestamps: choice('modelled', 'numbers', 'text'),
  /** Where an error's name is: three forms of the x-amzn-errortype header, or the body's `__type` or `code` alone. */
  errorForm: choice('plain', 'namespaced', 'uri', 'bodyType', 'bodyCode'),
  /** The member of an error's body that holds the text. */
  messageKey: choice('message', 'Message'),
};
export type Worlds = Shape<typeof WORLDS>;

export const defaultWorlds: Worlds = defaultsOf(WORLDS);
export const readWorlds: Reader<Worlds> = objectOf(WORLDS);
