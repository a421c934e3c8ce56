import {
  choice,
  duration,
  listOf,
  number,
  objectOf,
  oneOf,
  optional,
  type Reader,
  required,
  type Shape,
  taggedOf,
  text,
} from './fields.ts';
import { matcherOf } from './glob.ts';
import { hash32 } from './random.ts';
import { glob } from './vocabulary.ts';

/** Which requests a fault meets: each text must fit. */
const MATCH = {
  /** The API's name, such as GetQueryStatusMonitorTopContributors or AssumeRole. */
  operation: glob,
  account: glob,
  region: glob,
  monitorName: glob,
  scopeId: glob,
  queryId: glob,
};
type FaultMatch = Shape<typeof MATCH>;

const BASE = {
  /** Every request when absent. */
  match: optional(objectOf(MATCH)),
  /** In force from so many milliseconds after the simulator's start; from the start when absent. */
  from: optional(duration),
  /** In force until so many milliseconds after the simulator's start; without end when absent. */
  until: optional(duration),
  /** The share of the matching requests that it meets, 0 to 1, spread by the seed; all when absent. */
  rate: optional(number(0, 1, 'number')),
  /** It meets so many requests and then no more. */
  times: optional(number(1, 1_000_000, 'integer')),
};

/** An error instead of the answer; the operation is not carried out. */
const ERROR = {
  ...BASE,
  kind: required(oneOf('error')),
  /** Such as InternalServerException; need not be one of the model's. */
  name: required(text('an error name such as InternalServerException', /^[A-Za-z][\w.]*$/)),
  /** HTTP status. */
  status: required(number(400, 599, 'integer')),
  message: optional(text('a text')),
  /** Sends a Retry-After header of so many milliseconds, rounded up to whole seconds. */
  retryAfter: optional(duration),
};

/** ThrottlingException 429 (from STS: Throttling 400); the operation is not carried out. */
const THROTTLE = {
  ...BASE,
  kind: required(oneOf('throttle')),
  /** Sends a Retry-After header of so many milliseconds, rounded up to whole seconds. */
  retryAfter: optional(duration),
};

/** Waits before all else; faults after it in the list may still meet the request. */
const LATENCY = {
  ...BASE,
  kind: required(oneOf('latency')),
  /** Milliseconds. */
  delay: required(duration),
};

/**
 * `hang`: the connection stays open and nothing more is sent. `reset`: it ends with a TCP reset. After the `request`, the
 * operation is not carried out; after the `headers` of the answer it was, but its caller does not learn the outcome.
 */
const HANG = { ...BASE, kind: required(oneOf('hang')), after: choice('request', 'headers') };
const RESET = { ...HANG, kind: required(oneOf('reset')) };

/** The operation is carried out, but its answer's body is something else. */
const BODY = {
  ...BASE,
  kind: required(oneOf('body')),
  /**
   * `html`: a proxy's error page; `empty`: nothing; `garbage`: bytes that are no text; `truncated`: the first half of the
   * true body, as if it were whole; `wrongTypes`: each member of the true body with a value of another JSON type.
   */
  body: required(oneOf('html', 'empty', 'garbage', 'truncated', 'wrongTypes')),
  /** HTTP status; the true one when absent. */
  status: optional(number(200, 599, 'integer')),
};
export type BodyFault = Shape<typeof BODY>;

/** Faults that decide the answer of a request, unlike latencies, which delay it. */
export type AnswerFault =
  | Shape<typeof ERROR>
  | Shape<typeof THROTTLE>
  | Shape<typeof HANG>
  | Shape<typeof RESET>
  | BodyFault;
export type Fault = AnswerFault | Shape<typeof LATENCY>;

export const readFaults: Reader<readonly Fault[]> = listOf(
  taggedOf<Fault>('kind', {
    error: objectOf(ERROR),
    throttle: objectOf(THROTTLE),
    latency: objectOf(LATENCY),
    hang: objectOf(HANG),
    reset: objectOf(RESET),
    body: objectOf(BODY),
  }),
);

/** What is known of a request when faults are chosen. */
export type FaultFacts = { readonly [name in keyof FaultMatch]?: string | undefined };

/** The faults that meet one request: all latencies, and the first other one. */
export interface ChosenFaults {
  /** Milliseconds. */
  delay: number;
  fault?: AnswerFault;
}

/** Chooses among `faults`, in their order. `elapsed` is in milliseconds since the simulator's start. */
export function createFaultChooser(
  faults: readonly Fault[],
  seed: string,
): (facts: FaultFacts, elapsed: number) => ChosenFaults {
  const armed = faults.map((fault, index) => {
    const { match = {}, from = 0, until = Infinity, rate = 1, times = Infinity } = fault;
    const matches = matcherOf<keyof FaultMatch>(match);
    let matched = 0;
    let met = 0;
    return {
      fault,
      meets(facts: FaultFacts, elapsed: number): boolean {
        if (elapsed < from || elapsed >= until || met >= times || !matches(facts)) {
          return false;
        }
        matched += 1;
        const drawn = hash32(`${seed}/fault/${index}/${matched}`) / 2 ** 32 < rate;
        met += drawn ? 1 : 0;
        return drawn;
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
