import type { MetadataBearer } from '@smithy/types';
import { command } from '../command.ts';
import type { ListTagsForResourceInput, ListTagsForResourceOutput } from '../models/tags.ts';
import { LABEL, operation, TAG_MAP } from '../shapes.ts';

const ListTagsForResource = operation(
  'ListTagsForResource',
  ['GET', '/tags/{resourceArn}'],
  { resourceArn: LABEL },
  { tags: TAG_MAP },
);

export interface ListTagsForResourceCommandInput extends ListTagsForResourceInput {}
export interface ListTagsForResourceCommandOutput extends ListTagsForResourceOutput, MetadataBearer {}

/** Reads the tags of a monitor or scope. */
export class ListTagsForResourceCommand extends command<
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput
>(ListTagsForResource) {}
