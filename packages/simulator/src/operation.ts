import { Constraints, invalid } from './constraints.ts';
import type { RegionInventory } from './inventory.ts';
import { hash32 } from './random.ts';
import { modelledError } from './service-error.ts';
import type { Simulation } from './simulation.ts';

/** The labels of the path, percent-decoded once. */
export type Labels = { readonly [name in 'monitorName' | 'scopeId' | 'queryId' | 'resourceArn']?: string };

/** A request after authentication and throttling. */
export interface ApiRequest {
  account: string;
  region: string;
  labels: Labels;
  query: URLSearchParams;
  body: Buffer;
  /** Milliseconds on the monotonic clock. */
  now: number;
}

export type Body = Readonly<Record<string, unknown>>;

/** One of the seventeen operations. */
export interface Operation {
  name: string;
  method: string;
  /** Segments of the path: texts, and labels in braces. */
  segments: readonly string[];
  /** Returns the body of a successful response (always 200), or throws a ServiceError. */
  carryOut(simulation: Simulation, request: ApiRequest): Body;
}

/** Defines an operation. `template` is its path, with labels in braces. */
export function operation(method: string, template: string, name: string, carryOut: Operation['carryOut']): Operation {
  return { name, method, segments: template.split('/'), carryOut };
}

/** Checks the model's constraints for labels, and returns the inventory of the request's account and region. */
export function regionOf({ inventory }: Simulation, { account, region, labels }: ApiRequest): RegionInventory {
  const { monitorName, resourceArn } = labels;
  const constraints = new Constraints();
  constraints.text('monitorName', monitorName, { min: 1, max: 255, pattern: /^[a-zA-Z0-9_.-]+$/ });
  constraints.text('resourceArn', resourceArn, { min: 20, max: 2048, pattern: /^arn:.*$/ });
  constraints.enforce();
  return inventory.of(account, region);
}

/**
 * The page of a list that the request's token selects; the first page without a token. It has the items from `from` up to, but
 * not including, `to`, and the token of the next page, if any. `listing` identifies the list in its account and region.
 *
 * @throws ServiceError (ValidationException) for a token of another list
 */
export function page(
  { worlds }: Simulation,
  { account, region, query }: ApiRequest,
  listing: string,
  total: number,
  size = Infinity,
): { from: number; to: number; nextToken?: string } {
  const tokenOf = (offset: number) =>
    Buffer.from(`${offset}.${hash32(`${account}/${region}/${listing}/${offset}`)}`).toString('base64url');
  const token = query.get('nextToken');
  const from = token === null ? 0 : Number(Buffer.from(token, 'base64url').toString('latin1').split('.')[0]);
  if (token !== null && (!Number.isSafeInteger(from) || token !== tokenOf(from))) {
    throw invalid('The pagination token is invalid.');
  }
  const to = Math.min(total, from + Math.min(size, worlds().pageSize));
  return to < total ? { from, to, nextToken: tokenOf(to) } : { from, to };
}

export function notFound(what: string): never {
  throw modelledError('ResourceNotFoundException', `${what} does not exist.`);
}
