import { type Answer, jsonAnswer, jsonErrorAnswer, xmlAnswer, xmlErrorAnswer } from './answer.ts';
import { invalid } from './constraints.ts';
import type { KnownCredentials } from './credentials.ts';
import type { AnswerFault, FaultFacts } from './fault.ts';
import { INVENTORY_OPERATIONS } from './inventory-operations.ts';
import type { Labels, Operation } from './operation.ts';
import { QUERY_OPERATIONS } from './query-operations.ts';
import { Random, uuidOf } from './random.ts';
import { ServiceError } from './service-error.ts';
import {
  type AuthenticationCodes,
  credentialScope,
  type HttpRequest,
  refuseExpired,
  verifySignature,
} from './sigv4.ts';
import type { Simulation } from './simulation.ts';
import { STS_OPERATIONS, stsResult } from './sts.ts';
import type { Worlds } from './worlds.ts';

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
  failWith(fault: Extract<AnswerFault, { kind: 'error' | 'throttle' }>): Answer;
}

const DEFAULT_REGION = 'us-east-1';

/** How one of the two services words what is common to both. */
interface Protocol {
  service: Call['service'];
  codes: AuthenticationCodes;
  throttling: { code: string; status: number };
  /** The error's name for a defect of the simulator. */
  internal: string;
  error(error: ServiceError, requestId: string, worlds: Worlds): Answer;
}
const SERVICE: Protocol = {
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
  error: jsonErrorAnswer,
};
const STS: Protocol = {
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
  error: xmlErrorAnswer,
};

/** What precedes the operations of both services: tells requests apart, and lets in those that may come in. */
export class FrontEnd {
  readonly #simulation: Simulation;
  readonly #withinRate = createThrottle();
  #requestNumber = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  recognize(request: HttpRequest): Call {
    return request.path === '/' && request.method === 'POST' ? this.#stsCall(request) : this.#serviceCall(request);
  }

  #stsCall(request: HttpRequest): Call {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const action = form.get('Action');
    const operation = STS_OPERATIONS.find((known) => known === action);
    return this.#call(request, STS, { operation }, (_, requestId) => {
      if (!operation) {
        throw new ServiceError('InvalidAction', 400, `Could not find operation ${action}`);
      }
      // A web identity is proved by its token; such requests are not signed.
      const caller = operation === 'AssumeRoleWithWebIdentity' ? undefined : this.#authenticate(request, STS);
      const result = stsResult(this.#simulation, { operation, form, caller });
      return xmlAnswer(operation, result, requestId);
    });
  }

  #serviceCall(request: HttpRequest): Call {
    const found = operationOf(request);
    const { operation, labels } = found instanceof ServiceError ? {} : found;
    return this.#call(request, SERVICE, { operation: operation?.name ?? 'Unknown', ...labels }, (place, requestId) => {
      if (found instanceof ServiceError) {
        throw found;
      }
      const account = this.#authenticate(request, SERVICE)?.account ?? place.account;
      const { region } = place;
      const now = this.#simulation.now().monotonic;
      const { requestsPerSecond } = this.#simulation.worlds();
      if (requestsPerSecond !== undefined && !this.#withinRate(`${account}/${region}`, requestsPerSecond, now)) {
        throw new ServiceError('ThrottlingException', 429, 'Rate exceeded');
      }
      const query = new URLSearchParams(request.queryString);
      const call = { account, region, labels: found.labels, query, body: request.body, now };
      return jsonAnswer(found.operation.carryOut(this.#simulation, call), requestId);
    });
  }

  #call(
    request: HttpRequest,
    protocol: Protocol,
    facts: Omit<FaultFacts, 'account' | 'region'>,
    answer: (place: { account: string; region: string }, requestId: string) => Answer,
  ): Call {
    const { credentials, defaultAccount, worlds } = this.#simulation;
    const scope = credentialScope(request.headers.authorization);
    const known = scope && credentials.find(scope.accessKeyId);
    const account = known?.account ?? (credentials.checked ? '' : defaultAccount);
    const region = scope?.region ?? DEFAULT_REGION;
    const { internal, throttling } = protocol;
    const errorAnswer = (error: ServiceError, requestId: string) => protocol.error(error, requestId, worlds());
    return {
      service: protocol.service,
      operation: facts.operation ?? 'Unknown',
      account,
      region,
      facts: { account, region, ...facts },
      answer: () => {
        const requestId = this.#nextRequestId();
        try {
          return answer({ account, region }, requestId);
        } catch (error) {
          return errorAnswer(asServiceError(error, internal), requestId);
        }
      },
      failWith: (fault) => {
        const error =
          fault.kind === 'throttle'
            ? new ServiceError(throttling.code, throttling.status, 'Rate exceeded', fault.retryAfter)
            : new ServiceError(fault.name, fault.status, fault.message, fault.retryAfter);
        return errorAnswer(error, this.#nextRequestId());
      },
    };
  }

  #nextRequestId(): string {
    this.#requestNumber += 1;
    return uuidOf(new Random(`${this.#simulation.seed}/request/${this.#requestNumber}`).hex(32), '4');
  }

  /** Who signed, as far as it is known; throws ServiceError when that one is not let in. */
  #authenticate(request: HttpRequest, protocol: Protocol): KnownCredentials | undefined {
    const { credentials } = this.#simulation;
    const now = this.#simulation.now().wall;
    if (credentials.checked) {
      return verifySignature(request, protocol, credentials, now);
    }
    const scope = credentialScope(request.headers.authorization);
    const known = scope && credentials.find(scope.accessKeyId);
    if (known) {
      refuseExpired(known, protocol.codes, now);
    }
    return known;
  }
}

const OPERATIONS = [...INVENTORY_OPERATIONS, ...QUERY_OPERATIONS];

/** The operation of a request, or the error that answers it when there is none. Labels are never empty. */
function operationOf({ method, path }: HttpRequest): { operation: Operation; labels: Labels } | ServiceError {
  const parts = path.split('/');
  const operation = OPERATIONS.find(
    ({ method: own, segments }) =>
      own === method &&
      segments.length === parts.length &&
      segments.every((segment, i) => (segment.startsWith('{') ? parts[i] !== '' : parts[i] === segment)),
  );
  if (!operation) {
    return new ServiceError('UnknownOperationException', 404, `No operation is ${method} ${path}`);
  }
  try {
    const labels = operation.segments.flatMap((segment, i) =>
      segment.startsWith('{') ? [[segment.slice(1, -1), decodeURIComponent(parts[i] ?? '')] as const] : [],
    );
    return { operation, labels: Object.fromEntries(labels) };
  } catch (error) {
    if (error instanceof URIError) {
      return invalid('The path is not well percent-encoded.');
    }
    throw error;
  }
}

/** What is thrown on purpose as it is; a defect of the simulator as the service's own failure, with its reason. */
function asServiceError(error: unknown, code: string): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(code, 500, `A defect of the simulator: ${error}`);
}

/**
 * Tells whether a request at `now` (milliseconds on the monotonic clock) is within `rate` requests per second: a token
 * bucket for each key, that holds one second's worth (at least one request) and begins full.
 */
function createThrottle(): (key: string, rate: number, now: number) => boolean {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (key, rate, now) => {
    const size = Math.max(1, rate);
    const bucket = buckets.get(key) ?? { tokens: size, at: now };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(size, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    const isWithin = bucket.tokens >= 1;
    bucket.tokens -= isWithin ? 1 : 0;
    return isWithin;
  };
}
