import type { MetadataBearer } from '@smithy/types';
export interface ListTagsForResourceInput {
  /** ARN of a monitor or scope. */
  resourceArn: string | undefined;
}

export interface ListTagsForResourceOutput {
  tags?: Record<string, string> | undefined;
}

export interface ListTagsForResourceCommandInput extends ListTagsForResourceInput {}
export interface ListTagsForResourceCommandOutput extends ListTagsForResourceOutput, MetadataBearer {}
