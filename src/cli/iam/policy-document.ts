/** A statement of an IAM policy. */
export interface PolicyStatement {
  readonly Effect: 'Allow';
  /** Only in trust policies. */
  readonly Principal?: { readonly AWS: string };
  readonly Action: readonly string[];
  /** Not in trust policies. */
  readonly Resource?: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An IAM policy document. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** Returns a policy of statements. */
export function policy(statements: readonly PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}
