import { invalid } from './constraints.ts';
import type { KnownCredentials } from './credentials.ts';
import { ZONES_OPERATION, zonesReply } from './ec2.ts';
import type { FaultFacts, ResponseFault } from './fault.ts';
import { INVENTORY_OPERATIONS } from './inventory-operations.ts';
import { getMetricData } from './metric-data.ts';
import type { Labels, Operation } from './operation.ts';
import { EC2, MONITORING, type Protocol, SERVICE, type Service, STS } from './protocols.ts';
import { QUERY_OPERATIONS } from './query-operations.ts';
import { Random, uuidOf } from './random.ts';
import { awsJsonReply, jsonReply, type Reply, xmlReply } from './reply.ts';
import { ServiceError } from './service-error.ts';
import { credentialScope, type HttpRequest, refuseExpired, verifySignature } from './sigv4.ts';
import type { Simulation } from './simulation.ts';
import { STS_OPERATIONS, stsResult } from './sts.ts';

/** A recognized request that is not authenticated yet. */
export interface Call {
  service: Service;
  /** The API's name of the operation, or `Unknown`. */
  operation: string;
  /** Empty if the access key is unknown and credentials are checked. */
  account: string;
  region: string;
  /** Labels of the path and other properties that faults match. */
  facts: FaultFacts;
  /** Executes the operation and returns the response, which may be an error. */
  reply(): Reply;
  /** Returns the error of a fault, in the form of the called service. */
  failWith(fault: Extract<ResponseFault, { kind: 'error' | 'throttle' }>): Reply;
}

const DEFAULT_REGION = 'us-east-1';
const TARGET = /^GraniteServiceVersion20100801\.(\w+)$/;

/** The part that precedes the operations of the services: recognition and authentication of requests. */
export class FrontEnd {
  readonly #simulation: Simulation;
  readonly #withinRate = createThrottle();
  #requestNumber = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  recognize(request: HttpRequest): Call {
    if (request.path !== '/' || request.method !== 'POST') {
      return this.#serviceCall(request);
    }
    const target = request.headers['x-amz-target'];
    return target === undefined ? this.#stsCall(request) : this.#monitoringCall(request, String(target));
  }

  /** CloudWatch: the target header distinguishes its requests from those to STS. */
  #monitoringCall(request: HttpRequest, target: string): Call {
    const operation = TARGET.exec(target)?.[1];
    return this.#call(request, MONITORING, { operation: operation ?? 'Unknown' }, ({ account, region }, requestId) => {
      if (operation !== 'GetMetricData') {
        throw new ServiceError('UnknownOperationException', 400, `There is no operation ${target}`);
      }
      const caller = this.#authenticate(request, MONITORING)?.account ?? account;
      const body = getMetricData(this.#simulation, { account: caller, region, body: request.body });
      return awsJsonReply(body, requestId);
    });
  }

  #stsCall(request: HttpRequest): Call {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const action = form.get('Action');
    if (action === ZONES_OPERATION) {
      return this.#call(request, EC2, { operation: action }, ({ account, region }, requestId) => {
        const caller = this.#authenticate(request, EC2)?.account ?? account;
        return zonesReply(caller, region, requestId);
      });
    }
    const operation = STS_OPERATIONS.find((known) => known === action);
    return this.#call(request, STS, { operation }, (_, requestId) => {
      if (!operation) {
        throw new ServiceError('InvalidAction', 400, `Could not find operation ${action}`);
      }
      // A token authenticates a web identity; such requests are not signed.
      const caller = operation === 'AssumeRoleWithWebIdentity' ? undefined : this.#authenticate(request, STS);
      const result = stsResult(this.#simulation, { operation, form, caller });
      return xmlReply(operation, result, requestId);
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
      return jsonReply(found.operation.carryOut(this.#simulation, call), requestId);
    });
  }

  #call(
    request: HttpRequest,
    protocol: Protocol,
    facts: Omit<FaultFacts, 'account' | 'region'>,
    reply: (place: { account: string; region: string }, requestId: string) => Reply,
  ): Call {
    const { credentials, defaultAccount, worlds } = this.#simulation;
    const scope = credentialScope(request.headers.authorization);
    const known = scope && credentials.find(scope.accessKeyId);
    const account = known?.account ?? (credentials.checked ? '' : defaultAccount);
    const region = scope?.region ?? DEFAULT_REGION;
    const { service, internal, throttling } = protocol;
    const errorReply = (error: ServiceError, requestId: string) => protocol.error(error, requestId, worlds());
    return {
      ...{ service, account, region, operation: facts.operation ?? 'Unknown', facts: { account, region, ...facts } },
      reply: () => {
        const requestId = this.#nextRequestId();
        try {
          return reply({ account, region }, requestId);
        } catch (error) {
          return errorReply(asServiceError(error, internal), requestId);
        }
      },
      failWith: (fault) => {
        const error =
          fault.kind === 'throttle'
            ? new ServiceError(throttling.code, throttling.status, 'Rate exceeded', fault.retryAfter)
            : new ServiceError(fault.name, fault.status, fault.message, fault.retryAfter);
        return errorReply(error, this.#nextRequestId());
      },
    };
  }

  #nextRequestId(): string {
    this.#requestNumber += 1;
    return uuidOf(new Random(`${this.#simulation.seed}/request/${this.#requestNumber}`).hex(32), '4');
  }

  /** Returns the credentials of the signature, if they are known. @throws ServiceError if they are rejected */
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

/** The operation of a request, or an error if there is none. Labels are never empty. */
function operationOf({ method, path }: HttpRequest): { operation: Operation; labels: Labels } | ServiceError {
  const parts = path.split('/');
  const operation = OPERATIONS.find(
    ({ method: own, segments }) =>
      own === method &&
      segments.length === parts.length &&
      segments.every((segment, i) => (segment.startsWith('{') ? parts[i] !== '' : parts[i] === segment)),
  );
  if (!operation) {
    return new ServiceError('UnknownOperationException', 404, `There is no operation ${method} ${path}`);
  }
  try {
    const labels = operation.segments.flatMap((segment, i) =>
      segment.startsWith('{') ? [[segment.slice(1, -1), decodeURIComponent(parts[i] ?? '')] as const] : [],
    );
    return { operation, labels: Object.fromEntries(labels) };
  } catch (error) {
    if (error instanceof URIError) {
      return invalid('The path has an invalid percent-encoding.');
    }
    throw error;
  }
}

/** Returns a ServiceError as it is, and a defect of the simulator as an internal error of the service. */
function asServiceError(error: unknown, code: string): ServiceError {
  return error instanceof ServiceError ? error : new ServiceError(code, 500, `Defect of the simulator: ${error}`);
}

/**
 * Returns a check whether a request at `now` (milliseconds on the monotonic clock) is within `rate` requests per second: a
 * token bucket per key, with a capacity of one second (at least one request). It is full at the start.
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
