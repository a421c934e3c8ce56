import { TypeRegistry } from '@smithy/core/schema';
import type { StaticErrorSchema } from '@smithy/types';
import {
  AccessDeniedException,
  ConflictException,
  InternalServerException,
  NetworkFlowMonitorServiceException,
  ResourceNotFoundException,
  ServiceQuotaExceededException,
  ThrottlingException,
  ValidationException,
} from './models/errors.ts';
import { NAMESPACE, TEXT } from './shapes.ts';

// The runtime uses the error in a namespace with this prefix as the class of all unknown errors.
const SYNTHETIC_NAMESPACE = `smithy.ts.sdk.synthetic.${NAMESPACE}`;

const baseType = new TypeRegistry(SYNTHETIC_NAMESPACE);
baseType.registerError(
  [-3, SYNTHETIC_NAMESPACE, 'NetworkFlowMonitorServiceException', 0, [], []],
  NetworkFlowMonitorServiceException,
);

const modelledTypes = new TypeRegistry(NAMESPACE);
modelledTypes.registerError(errorShape('AccessDeniedException', 'client', 403), AccessDeniedException);
modelledTypes.registerError(errorShape('ConflictException', 'client', 409), ConflictException);
modelledTypes.registerError(errorShape('InternalServerException', 'server', 500), InternalServerException);
modelledTypes.registerError(errorShape('ResourceNotFoundException', 'client', 404), ResourceNotFoundException);
modelledTypes.registerError(errorShape('ServiceQuotaExceededException', 'client', 402), ServiceQuotaExceededException);
modelledTypes.registerError(errorShape('ThrottlingException', 'client', 429), ThrottlingException);
modelledTypes.registerError(errorShape('ValidationException', 'client', 400), ValidationException);

/** Classes of the service's errors by the type in a response, for all operations. */
export const ERROR_TYPES: TypeRegistry[] = [baseType, modelledTypes];

function errorShape(name: string, fault: 'client' | 'server', httpError: number): StaticErrorSchema {
  return [-3, NAMESPACE, name, { error: fault, httpError }, ['message'], [TEXT]];
}
