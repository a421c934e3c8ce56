import { type ExceptionOptionType, ServiceException, type ServiceExceptionOptions } from '@smithy/core/client';

/**
 * Base of all error responses of the service and of proxies. `name` is the error type of the response (`Unknown` if it has none),
 * `$metadata.httpStatusCode` is its status, and `$fault` is the side at fault.
 */
export class NetworkFlowMonitorServiceException extends ServiceException {
  // The runtime finds the base class by this namespace and suffix, and `instanceof` compares shape IDs.
  static override readonly shapeId: string =
    'smithy.ts.sdk.synthetic.com.amazonaws.networkflowmonitor#NetworkFlowMonitorServiceException';

  constructor(options: ServiceExceptionOptions) {
    super(options);
    Object.setPrototypeOf(this, NetworkFlowMonitorServiceException.prototype);
  }
}

/** 403: the caller lacks the permission. */
export class AccessDeniedException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#AccessDeniedException';
  override readonly name = 'AccessDeniedException';
  override readonly $fault = 'client';

  constructor(options: ExceptionOptionType<AccessDeniedException, NetworkFlowMonitorServiceException>) {
    super({ name: 'AccessDeniedException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, AccessDeniedException.prototype);
  }
}

/** 409: the resource is in use. */
export class ConflictException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#ConflictException';
  override readonly name = 'ConflictException';
  override readonly $fault = 'client';

  constructor(options: ExceptionOptionType<ConflictException, NetworkFlowMonitorServiceException>) {
    super({ name: 'ConflictException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ConflictException.prototype);
  }
}

/** 500: the service failed. Retryable in the model. */
export class InternalServerException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#InternalServerException';
  override readonly name = 'InternalServerException';
  override readonly $fault = 'server';
  override $retryable = {};

  constructor(options: ExceptionOptionType<InternalServerException, NetworkFlowMonitorServiceException>) {
    super({ name: 'InternalServerException', $fault: 'server', ...options });
    Object.setPrototypeOf(this, InternalServerException.prototype);
  }
}

/** 404: no such monitor, scope, query, or resource. The model does not declare it for start, status, and stop, which may return it. */
export class ResourceNotFoundException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#ResourceNotFoundException';
  override readonly name = 'ResourceNotFoundException';
  override readonly $fault = 'client';

  constructor(options: ExceptionOptionType<ResourceNotFoundException, NetworkFlowMonitorServiceException>) {
    super({ name: 'ResourceNotFoundException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ResourceNotFoundException.prototype);
  }
}

/** 402: a service quota is exhausted. The SDK does not retry it. */
export class ServiceQuotaExceededException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#ServiceQuotaExceededException';
  override readonly name = 'ServiceQuotaExceededException';
  override readonly $fault = 'client';

  constructor(options: ExceptionOptionType<ServiceQuotaExceededException, NetworkFlowMonitorServiceException>) {
    super({ name: 'ServiceQuotaExceededException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ServiceQuotaExceededException.prototype);
  }
}

/** 429: too many requests. Retryable as throttling in the model. */
export class ThrottlingException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#ThrottlingException';
  override readonly name = 'ThrottlingException';
  override readonly $fault = 'client';
  override $retryable = { throttling: true };

  constructor(options: ExceptionOptionType<ThrottlingException, NetworkFlowMonitorServiceException>) {
    super({ name: 'ThrottlingException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ThrottlingException.prototype);
  }
}

/** 400: the input violates a constraint, which the message names. */
export class ValidationException extends NetworkFlowMonitorServiceException {
  static override readonly shapeId: string = 'com.amazonaws.networkflowmonitor#ValidationException';
  override readonly name = 'ValidationException';
  override readonly $fault = 'client';

  constructor(options: ExceptionOptionType<ValidationException, NetworkFlowMonitorServiceException>) {
    super({ name: 'ValidationException', $fault: 'client', ...options });
    Object.setPrototypeOf(this, ValidationException.prototype);
  }
}
