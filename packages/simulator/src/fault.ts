import * as field from './fields.ts';
import { matcherOf } from './glob.ts';
import { hash32 } from './random.ts';
import { glob } from './vocabulary.ts';

/** Selects requests: each pattern must match. */
const MATCH = {
  /** The API's name (for example, GetQueryStatusMonitorTopContributors or AssumeRole). */
  operation: glob,
  account: glob,
  region: glob,
  monitorName: glob,
  scopeId: glob,
  queryId: glob,
};
type FaultMatch = field.Shape<typeof MATCH>;

const BASE = {
  /** All requests by default. */
  match: field.optional(field.objectOf(MATCH)),
  /** Start of the fault in milliseconds after the start of the simulator; 0 by default. */
  from: field.optional(field.duration),
  /** End of the fault in milliseconds after the start of the simulator; never by default. */
  until: field.optional(field.duration),
  /** Share of the matching requests, from 0 to 1, distributed by the seed; all by default. */
  rate: field.optional(field.number(0, 1, 'number')),
  /** Maximum number of requests that the fault affects. */
  times: field.optional(field.number(1, 1_000_000, 'integer')),
};

/**
 * `hang`: the connection stays open, and nothing more is sent. `reset`: it ends with a TCP reset. After the `request`, the
 * operation is not executed. After the `headers` of the response, it was, but the client does not receive the outcome.
 */
const BROKEN = { after: field.choice('request', 'headers') };

const KINDS = {
  /** An error response; the operation is not executed. */
  error: {
    /** For example, InternalServerException. Names that the model lacks are allowed. */
    name: field.required(field.text('an error name (for example, InternalServerException)', /^[A-Za-z][\w.]*$/)),
    status: field.required(field.number(400, 599, 'integer')),
    message: field.optional(field.text('a text')),
    /** Value of the Retry-After header in milliseconds, rounded up to seconds. */
    retryAfter: field.optional(field.duration),
  },
  /** ThrottlingException 429 (Throttling 400 from STS); the operation is not executed. `retryAfter` as for an error. */
  throttle: { retryAfter: field.optional(field.duration) },
  /** Delays the request by `delay` milliseconds. Later faults in the list may affect it, too. */
  latency: { delay: field.required(field.duration) },
  hang: BROKEN,
  reset: BROKEN,
  /** The operation is executed, but the body of the response is replaced. */
  body: {
    /**
     * `html`: the error page of a proxy; `empty`: no bytes; `garbage`: binary data; `truncated`: the first half of the original
     * body, with a matching length; `wrongTypes`: each member of the original body with a value of another JSON type.
     */
    body: field.required(field.oneOf('html', 'empty', 'garbage', 'truncated', 'wrongTypes')),
    /** HTTP status; the original one by default. */
    status: field.optional(field.number(200, 599, 'integer')),
  },
};
export type Fault = field.Kinds<typeof BASE, typeof KINDS>;
export type BodyFault = Extract<Fault, { kind: 'body' }>;
/** Faults that determine the response to a request, unlike latencies, which delay it. */
export type ResponseFault = Exclude<Fault, { kind: 'latency' }>;

export const readFaults = field.listOf(field.kindsOf(BASE, KINDS));

/** Properties of a request that faults match. */
export type FaultFacts = { readonly [name in keyof FaultMatch]?: string | undefined };

/** The faults of one request: the sum of all latencies, and the first other fault. */
export interface ChosenFaults {
  /** Milliseconds. */
  delay: number;
  fault?: ResponseFault;
}

/** Chooses among `faults`, in their order. `elapsed` is in milliseconds since the start of the simulator. */
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
