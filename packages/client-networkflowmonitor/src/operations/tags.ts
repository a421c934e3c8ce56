import { command } from '../command.ts';
import type { ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput } from '../models/tags.ts';
import { LABEL, operation, TAG_MAP } from '../shapes.ts';

const ListTagsForResource = operation(
  'ListTagsForResource',
  ['GET', '/tags/{resourceArn}'],
  { resourceArn: LABEL },
  { tags: TAG_MAP },
);

/** Reads the tags of a monitor or scope. */
export class ListTagsForResourceCommand extends command<
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput
>(ListTagsForResource) {}
