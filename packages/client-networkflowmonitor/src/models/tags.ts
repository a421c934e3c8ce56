export interface ListTagsForResourceInput {
  /** ARN of a monitor or scope. */
  resourceArn: string | undefined;
}

export interface ListTagsForResourceOutput {
  tags?: Record<string, string> | undefined;
}
