import { STATUS_CODES } from 'node:http';

/** The HTTP statuses of the errors that the service's model declares. */
const MODELLED_STATUS = {
  ValidationException: 400,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ConflictException: 409,
  ThrottlingException: 429,
  InternalServerException: 500,
} as const;
export type ModelledErrorName = keyof typeof MODELLED_STATUS;

/** An error that a client is answered with. */
export class ServiceError extends Error {
  /** The error's name on the wire. */
  readonly code: string;
  /** HTTP status. */
  readonly status: number;
  /** Milliseconds for a Retry-After header; none when absent. */
  readonly retryAfter: number | undefined;

  constructor(code: string, status: number, message = STATUS_CODES[status] ?? 'Error', retryAfter?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export function modelledError(name: ModelledErrorName, message: string): ServiceError {
  return new ServiceError(name, MODELLED_STATUS[name], message);
}
