import { STATUS_CODES } from 'node:http';

/** HTTP statuses of the errors in the service's model. */
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

export class ServiceError extends Error {
  /** Name of the error in the response. */
  readonly code: string;
  readonly status: number;
  /** Value of the Retry-After header in milliseconds; no header if undefined. */
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
