import type { ConfigContext } from '../config/entries/outside.ts';
import { quote } from '../config/reading/nodes.ts';
import { createProblem, type Problem, problemsOf } from '../config/reading/problem.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { type Shard, shardOf } from '../model/shard.ts';
import { loadEntryBody } from '../queries/load.ts';
import { type Definition, definitionTag } from './registration.ts';

/** A stored definition. */
export interface StoredDefinition {
  readonly definition: Definition;
  readonly etag: string;
  /** Whether it is valid in the configuration that it was last read with; undefined before that. */
  isValid: boolean | undefined;
}

export function newDefinition(definition: Definition): StoredDefinition {
  return { definition, etag: definitionTag(definition), isValid: undefined };
}

/** A query, or the problems of its definition. */
export interface ReadDefinition {
  readonly query: RegisteredQuery | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Reads the definition of a query that is registered over HTTP.
 *
 * @param body parsed JSON
 * @param shard the targets of other shards are refused
 */
export async function readDefinition(
  name: string,
  body: unknown,
  context: ConfigContext,
  shard: Shard,
): Promise<ReadDefinition> {
  try {
    const { query } = await loadEntryBody(body, name, context);
    const problem = foreignTarget(query, shard);
    return problem === undefined ? { query, problems: [] } : { query: undefined, problems: [problem] };
  } catch (error) {
    return { query: undefined, problems: problemsOf(error) };
  }
}

/** Returns a problem if another shard has the target of a query. */
function foreignTarget({ account, region }: RegisteredQuery, { ordinal, total }: Shard): Problem | undefined {
  const owner = shardOf({ account, region }, total);
  const got = `account ${quote(account)} in region ${region}, which shard ${owner} of ${total} has`;
  return owner === ordinal ? undefined : createProblem('account', undefined, got, `a target of shard ${ordinal}`);
}

/** The name is part of the URL; in the body, it is optional. */
export function withoutName(body: unknown): Definition {
  return Object.fromEntries(Object.entries(Object(body)).filter(([key]) => key !== 'name'));
}
