import { readDuration } from './duration.ts';
import { defaulted, number, objectOf, oneOf, optional, type Reader } from './fields.ts';

/**
 * What nobody documents about the service, as switches: each value is a world a client may find itself in. All times
 * are in milliseconds.
 */
export interface Worlds {
  /** How status and stop answer a query id they do not know. Results always answer ResourceNotFoundException: declared. */
  unknownQueryId:
    | 'ResourceNotFoundException'
    | 'ValidationException'
    | 'AccessDeniedException'
    | 'InternalServerException';
  /** How a start answers a monitor or scope that does not exist. */
  unknownMonitorOnStart: 'ValidationException' | 'ResourceNotFoundException' | 'AccessDeniedException';
  /** How results answer for a query that has not SUCCEEDED, be it under way or ended otherwise. */
  resultsBeforeEnd: 'ValidationException' | 'ResourceNotFoundException' | 'empty';
  /** How a SUCCEEDED query without rows looks: an empty list, or no member at all (the list stays where it is required). */
  emptyResults: 'list' | 'absent';
  /** The most items a page holds, whatever maxResults asks for. */
  pageSize: number;
  /** Starts beyond so many queries under way in one account and region: ServiceQuotaExceededException. */
  maxRunningQueries?: number;
  /** Requests to one account and region beyond this rate, after a burst of one second's worth: ThrottlingException. */
  requestsPerSecond?: number;
  /** For so long after its start, status and stop do not know a query yet. */
  visibleAfter: number;
  /** From a stop until the status says CANCELED. */
  stopDelay: number;
  /** Started queries are forgotten so long after their end. */
  retention: number;
  /** Units drawn for an answer: those that fit the metric (and none), or all that the service can name. */
  units: 'fitting' | 'any';
  /** As the model has them (createdAt and modifiedAt numbers, data points' times text), or all of one form. */
  timestamps: 'modelled' | 'numbers' | 'text';
  /** Where an error's name stands: three forms of the x-amzn-errortype header, or the body's `__type` or `code` alone. */
  errorForm: 'plain' | 'namespaced' | 'uri' | 'bodyType' | 'bodyCode';
  /** The member of an error's body that holds the text. */
  messageKey: 'message' | 'Message';
}

export const defaultWorlds: Worlds = {
  unknownQueryId: 'ResourceNotFoundException',
  unknownMonitorOnStart: 'ValidationException',
  resultsBeforeEnd: 'ValidationException',
  emptyResults: 'list',
  pageSize: 25,
  visibleAfter: 0,
  stopDelay: 0,
  retention: 3_600_000,
  units: 'fitting',
  timestamps: 'modelled',
  errorForm: 'plain',
  messageKey: 'message',
};

export const readWorlds: Reader<Worlds> = objectOf<Worlds>({
  unknownQueryId: defaulted(
    oneOf('ResourceNotFoundException', 'ValidationException', 'AccessDeniedException', 'InternalServerException'),
    defaultWorlds.unknownQueryId,
  ),
  unknownMonitorOnStart: defaulted(
    oneOf('ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'),
    defaultWorlds.unknownMonitorOnStart,
  ),
  resultsBeforeEnd: defaulted(
    oneOf('ValidationException', 'ResourceNotFoundException', 'empty'),
    defaultWorlds.resultsBeforeEnd,
  ),
  emptyResults: defaulted(oneOf('list', 'absent'), defaultWorlds.emptyResults),
  pageSize: defaulted(number(1, 500, 'integer'), defaultWorlds.pageSize),
  maxRunningQueries: optional(number(0, 1_000_000, 'integer')),
  requestsPerSecond: optional(number(0.01, 1_000_000, 'number')),
  visibleAfter: defaulted(readDuration, defaultWorlds.visibleAfter),
  stopDelay: defaulted(readDuration, defaultWorlds.stopDelay),
  retention: defaulted(readDuration, defaultWorlds.retention),
  units: defaulted(oneOf('fitting', 'any'), defaultWorlds.units),
  timestamps: defaulted(oneOf('modelled', 'numbers', 'text'), defaultWorlds.timestamps),
  errorForm: defaulted(oneOf('plain', 'namespaced', 'uri', 'bodyType', 'bodyCode'), defaultWorlds.errorForm),
  messageKey: defaulted(oneOf('message', 'Message'), defaultWorlds.messageKey),
});
