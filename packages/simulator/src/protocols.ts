import { jsonErrorReply, queryCompatibleErrorReply, type Reply, xmlErrorReply } from './reply.ts';
import type { ServiceError } from './service-error.ts';
import type { AuthenticationCodes } from './sigv4.ts';
import type { Worlds } from './worlds.ts';

/** A simulated service, by its name in signatures. */
export type Service = 'networkflowmonitor' | 'sts' | 'monitoring' | 'ec2';

/** The forms in which the services differ. */
export interface Protocol {
  service: Service;
  codes: AuthenticationCodes;
  throttling: { code: string; status: number };
  /** Name of the error for a defect of the simulator. */
  internal: string;
  error(error: ServiceError, requestId: string, worlds: Worlds): Reply;
}

export const SERVICE: Protocol = {
  service: 'networkflowmonitor',
  codes: {
    'missing token': 'MissingAuthenticationTokenException',
    'incomplete signature': 'IncompleteSignatureException',
    'unrecognized client': 'UnrecognizedClientException',
    'invalid signature': 'InvalidSignatureException',
    'expired token': 'ExpiredTokenException',
  },
  throttling: { code: 'ThrottlingException', status: 429 },
  internal: 'InternalServerException',
  error: jsonErrorReply,
};

export const STS: Protocol = {
  service: 'sts',
  codes: {
    'missing token': 'MissingAuthenticationToken',
    'incomplete signature': 'IncompleteSignature',
    'unrecognized client': 'InvalidClientTokenId',
    'invalid signature': 'SignatureDoesNotMatch',
    'expired token': 'ExpiredToken',
  },
  throttling: { code: 'Throttling', status: 400 },
  internal: 'InternalFailure',
  error: xmlErrorReply,
};

/** CloudWatch. The names are those of its JSON protocol; clients also receive the names of its older query protocol. */
export const MONITORING: Protocol = {
  service: 'monitoring',
  codes: SERVICE.codes,
  throttling: { code: 'ThrottlingException', status: 400 },
  internal: 'InternalServiceFault',
  error: queryCompatibleErrorReply,
};

export const EC2: Protocol = {
  service: 'ec2',
  codes: {
    ...STS.codes,
    'unrecognized client': 'AuthFailure',
    'invalid signature': 'AuthFailure',
    'expired token': 'RequestExpired',
  },
  throttling: { code: 'RequestLimitExceeded', status: 503 },
  internal: 'InternalError',
  error: xmlErrorReply,
};
