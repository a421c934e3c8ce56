import { readDuration } from './duration.ts';
import {
  defaulted,
  type FieldsOf,
  listOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  required,
  taggedOf,
  text,
} from './fields.ts';
import { matcherOf } from './glob.ts';
import { hash32 } from './random.ts';

/** Which requests a fault meets: each text must fit, and `*` stands for any number of characters. */
export interface FaultMatch {
  /** The API's name, such as GetQueryStatusMonitorTopContributors or AssumeRole. */
  operation?: string;
  account?: string;
  region?: string;
  monitorName?: string;
  scopeId?: string;
  queryId?: string;
}

interface FaultBase {
  /** Every request when absent. */
  match?: FaultMatch;
  /** In force from so many milliseconds after the simulator's start; from the start when absent. */
  from?: number;
  /** In force until so many milliseconds after the simulator's start; for ever when absent. */
  until?: number;
  /** The share of the matching requests that it meets, 0 to 1, spread by the seed; all when absent. */
  rate?: number;
  /** It meets so many requests and then no more. */
  times?: number;
}

/** An error instead of the answer; the operation is not carried out. */
export interface ErrorFault extends FaultBase {
  kind: 'error';
  /** Such as InternalServerException; need not be one of the model's. */
  name: string;
  /** HTTP status. */
  status: number;
  message?: string;
  /** Sends a Retry-After header of so many milliseconds, rounded up to whole seconds. */
  retryAfter?: number;
}

/** ThrottlingException 429 (from STS: Throttling 400); the operation is not carried out. */
export interface ThrottleFault extends FaultBase {
  kind: 'throttle';
  /** Sends a Retry-After header of so many milliseconds, rounded up to whole seconds. */
  retryAfter?: number;
}

/** Waits before all else; faults after it in the list may still meet the request. */
export interface LatencyFault extends FaultBase {
  kind: 'latency';
  /** Milliseconds. */
  delay: number;
}

/**
 * `hang`: the connection stays open and nothing more comes. `reset`: it ends with a TCP reset. After the `request`, the
 * operation is not carried out; after the `headers` of the answer it was, only its caller does not learn how it went.
 */
export interface BrokenConnectionFault extends FaultBase {
  kind: 'hang' | 'reset';
  after: 'request' | 'headers';
}

/** The operation is carried out, but its answer's body is something else. */
export interface BodyFault extends FaultBase {
  kind: 'body';
  /**
   * `html`: a proxy's error page; `empty`: nothing; `garbage`: bytes that are no text; `truncated`: the first half of the
   * true body, as if it were whole; `wrongTypes`: each member of the true body with a value of another JSON type.
   */
  body: 'html' | 'empty' | 'garbage' | 'truncated' | 'wrongTypes';
  /** HTTP status; the true one when absent. */
  status?: number;
}

export type Fault = ErrorFault | ThrottleFault | LatencyFault | BrokenConnectionFault | BodyFault;

/** What is known of a request when faults are chosen. */
export type FaultFacts = { readonly [name in keyof FaultMatch]?: string | undefined };

/** The faults that meet one request: all latencies, and the first other one. */
export interface ChosenFaults {
  /** Milliseconds. */
  delay: number;
  fault?: Exclude<Fault, LatencyFault>;
}

/** Chooses among `faults`, in their order. `elapsed` is in milliseconds since the simulator's start. */
export function createFaultChooser(
  faults: readonly Fault[],
  seed: string,
): (facts: FaultFacts, elapsed: number) => ChosenFaults {
  const armed = faults.map((fault, index) => {
    const matches = matcherOf<keyof FaultMatch>(fault.match ?? {});
    let matched = 0;
    let met = 0;
    return {
      fault,
      meets(facts: FaultFacts, elapsed: number): boolean {
        if (elapsed < (fault.from ?? 0) || elapsed >= (fault.until ?? Infinity) || met >= (fault.times ?? Infinity)) {
          return false;
        }
        if (!matches(facts)) {
          return false;
        }
        matched += 1;
        if (hash32(`${seed}/fault/${index}/${matched}`) / 2 ** 32 >= (fault.rate ?? 1)) {
          return false;
        }
        met += 1;
        return true;
      },
    };
  });
  return (facts, elapsed) => {
    let delay = 0;
    for (const { fault, meets } of armed) {
      if (meets(facts, elapsed)) {
        if (fault.kind !== 'latency') {
          return { delay, fault };
        }
        delay += fault.delay;
      }
    }
    return { delay };
  };
}

const pattern = optional(text('a text, in which * stands for anything'));

const readBase: FieldsOf<FaultBase> = {
  match: optional(
    objectOf<FaultMatch>({
      operation: pattern,
      account: pattern,
      region: pattern,
      monitorName: pattern,
      scopeId: pattern,
      queryId: pattern,
    }),
  ),
  from: optional(readDuration),
  until: optional(readDuration),
  rate: optional(number(0, 1, 'number')),
  times: optional(number(1, 1_000_000, 'integer')),
};

function brokenConnection(kind: BrokenConnectionFault['kind']): Reader<Fault> {
  return objectOf<BrokenConnectionFault>({
    ...readBase,
    kind: required(oneOf(kind)),
    after: defaulted(oneOf('request', 'headers'), 'request'),
  });
}

export const readFaults: Reader<Fault[]> = listOf(
  taggedOf<Fault>('kind', {
    error: objectOf<ErrorFault>({
      ...readBase,
      kind: required(oneOf('error')),
      name: required(text('an error name such as InternalServerException', /^[A-Za-z][\w.]*$/)),
      status: required(number(400, 599, 'integer')),
      message: optional(text('a text')),
      retryAfter: optional(readDuration),
    }),
    throttle: objectOf<ThrottleFault>({
      ...readBase,
      kind: required(oneOf('throttle')),
      retryAfter: optional(readDuration),
    }),
    latency: objectOf<LatencyFault>({ ...readBase, kind: required(oneOf('latency')), delay: required(readDuration) }),
    hang: brokenConnection('hang'),
    reset: brokenConnection('reset'),
    body: objectOf<BodyFault>({
      ...readBase,
      kind: required(oneOf('body')),
      body: required(oneOf('html', 'empty', 'garbage', 'truncated', 'wrongTypes')),
      status: optional(number(200, 599, 'integer')),
    }),
  }),
);
