import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, jsonAnswer, jsonErrorAnswer } from './answer.ts';
import type { ApiRequest } from './api.ts';
import { invalid } from './constraints.ts';
import type { CredentialStore, KnownCredentials } from './credentials.ts';
import type { ErrorFault, FaultFacts, ThrottleFault } from './fault.ts';
import { uuidOf } from './names.ts';
import { createRandom } from './random.ts';
import { findRoute, type RouteMatch } from './routes.ts';
import { ServiceError } from './service-error.ts';
import {
  AuthenticationError,
  type AuthenticationFailure,
  credentialScope,
  refuseExpired,
  verifySignature,
} from './sigv4.ts';
import { STS_OPERATIONS, type StsOperation, type StsRequest, xmlErrorAnswer } from './sts.ts';
import type { Throttle } from './throttle.ts';
import type { Worlds } from './worlds.ts';

/** An HTTP request, wholly read. */
export interface HttpRequest {
  method: string;
  /** Still percent-encoded, without the query string. */
  path: string;
  /** What follows the `?`, still percent-encoded. */
  queryString: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request whose meaning is known, though not yet whether it is let in. */
export interface Call {
  service: 'networkflowmonitor' | 'sts';
  /** The API's name of the operation, or Unknown. */
  operation: string;
  /** Empty when the access key is not known, though keys are checked. */
  account: string;
  region: string;
  /** Labels of the path and all else that faults can match. */
  facts: FaultFacts;
  /** Carries the operation out and answers, errors included. */
  answer(): Answer;
  /** Answers with a fault's error, in the form of the service called. */
  failWith(fault: ErrorFault | ThrottleFault): Answer;
}

export interface FrontEndOptions {
  seed: string;
  /** Whose requests are those that name no known credentials. */
  defaultAccount: string;
  credentials: CredentialStore;
  throttle: Throttle;
  api(request: ApiRequest): unknown;
  sts(request: StsRequest, requestId: string): Answer;
  /** Read at each use, since worlds may change. */
  worlds(): Worlds;
  now(): { wall: number; monotonic: number };
}

const DEFAULT_REGION = 'us-east-1';
const NO_PARAMETERS = new URLSearchParams();

const SERVICE_CODES: Readonly<Record<AuthenticationFailure, string>> = {
  'missing token': 'MissingAuthenticationTokenException',
  'incomplete signature': 'IncompleteSignatureException',
  'unrecognized client': 'UnrecognizedClientException',
  'invalid signature': 'InvalidSignatureException',
  'expired token': 'ExpiredTokenException',
};
const STS_CODES: Readonly<Record<AuthenticationFailure, string>> = {
  'missing token': 'MissingAuthenticationToken',
  'incomplete signature': 'IncompleteSignature',
  'unrecognized client': 'InvalidClientTokenId',
  'invalid signature': 'SignatureDoesNotMatch',
  'expired token': 'ExpiredToken',
};

/** What stands before the operations of both services: tells requests apart, and lets in those that may come in. */
export function createFrontEnd(options: FrontEndOptions): (request: HttpRequest) => Call {
  const { credentials } = options;
  let requestNumber = 0;
  const nextRequestId = () => {
    requestNumber += 1;
    return uuidOf(createRandom(`${options.seed}/request/${requestNumber}`).hex(32), '4');
  };
  /** Who signed, as far as it is known; throws ServiceError when that one is not let in. */
  const authenticate = (
    request: HttpRequest,
    call: Call,
    codes: typeof SERVICE_CODES,
  ): KnownCredentials | undefined => {
    const now = options.now().wall;
    try {
      if (credentials.checked) {
        return verifySignature(request, call.service, credentials.find, now);
      }
      const scope = credentialScope(request.headers.authorization);
      const known = scope && credentials.find(scope.accessKeyId);
      if (known) {
        refuseExpired(known, now);
      }
      return known;
    } catch (error) {
      throw error instanceof AuthenticationError ? new ServiceError(codes[error.failure], 403, error.message) : error;
    }
  };
  const identify = (request: HttpRequest) => {
    const scope = credentialScope(request.headers.authorization);
    const unknown = credentials.checked ? '' : options.defaultAccount;
    return {
      account: (scope && credentials.find(scope.accessKeyId)?.account) ?? unknown,
      region: scope?.region ?? DEFAULT_REGION,
    };
  };

  const stsCall = (request: HttpRequest): Call => {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const action = form.get('Action');
    const operation = STS_OPERATIONS.find((known) => known === action);
    const { account, region } = identify(request);
    const call: Call = {
      service: 'sts',
      operation: operation ?? 'Unknown',
      account,
      region,
      facts: { operation, account, region },
      answer() {
        const requestId = nextRequestId();
        try {
          return options.sts(stsRequest(request, call, operation, form, action), requestId);
        } catch (error) {
          return xmlErrorAnswer(asServiceError(error, 'InternalFailure'), requestId);
        }
      },
      failWith(fault) {
        const error = faultError(fault, { code: 'Throttling', status: 400 });
        return xmlErrorAnswer(error, nextRequestId());
      },
    };
    return call;
  };
  const stsRequest = (
    request: HttpRequest,
    call: Call,
    operation: StsOperation | undefined,
    form: URLSearchParams,
    action: string | null,
  ): StsRequest => {
    if (!operation) {
      throw new ServiceError('InvalidAction', 400, `Could not find operation ${action}`);
    }
    // A web identity is proved by its token; such requests are not signed.
    const caller = operation === 'AssumeRoleWithWebIdentity' ? undefined : authenticate(request, call, STS_CODES);
    return { operation, form, caller, defaultAccount: options.defaultAccount, now: options.now().wall };
  };

  const serviceCall = (request: HttpRequest): Call => {
    const match = routeOf(request);
    const { account, region } = identify(request);
    const route = match instanceof ServiceError ? undefined : match;
    const operation = route?.route.operation ?? 'Unknown';
    const call: Call = {
      service: 'networkflowmonitor',
      operation,
      account,
      region,
      facts: { operation, account, region, ...route?.labels },
      answer() {
        const requestId = nextRequestId();
        try {
          if (match instanceof ServiceError) {
            throw match;
          }
          return jsonAnswer(options.api(apiRequest(request, call, match)), requestId);
        } catch (error) {
          return jsonErrorAnswer(asServiceError(error, 'InternalServerException'), requestId, options.worlds());
        }
      },
      failWith(fault) {
        const error = faultError(fault, { code: 'ThrottlingException', status: 429 });
        return jsonErrorAnswer(error, nextRequestId(), options.worlds());
      },
    };
    return call;
  };
  const apiRequest = (request: HttpRequest, call: Call, match: RouteMatch): ApiRequest => {
    const account = authenticate(request, call, SERVICE_CODES)?.account ?? call.account;
    const { region } = call;
    const now = options.now().monotonic;
    const { requestsPerSecond } = options.worlds();
    if (requestsPerSecond !== undefined && !options.throttle(`${account}/${region}`, requestsPerSecond, now)) {
      throw new ServiceError('ThrottlingException', 429, 'Rate exceeded');
    }
    const query = request.queryString === '' ? NO_PARAMETERS : new URLSearchParams(request.queryString);
    return { account, region, match, query, body: request.body, now };
  };

  return (request) => (request.path === '/' && request.method === 'POST' ? stsCall(request) : serviceCall(request));
}

function routeOf({ method, path }: HttpRequest): RouteMatch | ServiceError {
  try {
    return (
      findRoute(method, path) ?? new ServiceError('UnknownOperationException', 404, `No operation is ${method} ${path}`)
    );
  } catch (error) {
    if (error instanceof URIError) {
      return invalid('The path is not well percent-encoded.');
    }
    throw error;
  }
}

function faultError(fault: ErrorFault | ThrottleFault, throttling: { code: string; status: number }): ServiceError {
  return fault.kind === 'throttle'
    ? new ServiceError(throttling.code, throttling.status, 'Rate exceeded', fault.retryAfter)
    : new ServiceError(fault.name, fault.status, fault.message, fault.retryAfter);
}

/** What is thrown on purpose as it is; a defect of the simulator as the service's own failure, saying so. */
function asServiceError(error: unknown, code: string): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(code, 500, `A defect of the simulator: ${error}`);
}
