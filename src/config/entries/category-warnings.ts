import { KNOWN_CATEGORIES } from '../../model/vocabulary.ts';
import { type ConfigNode, elementsOf, showNode } from '../reading/config-node.ts';
import type { Selection } from '../reading/formats.ts';
import { nearestHint } from '../reading/nearest.ts';
import type { Reading } from '../reading/reading.ts';

const KNOWN: ReadonlySet<string> = new Set(KNOWN_CATEGORIES);

/**
 * Warns of destination categories that are not known: the service may have gained them since, or refuse each start.
 *
 * @param node what the file says at `path`, which is good
 */
export function warnOfUnknownCategories(
  selection: Selection<string> | undefined,
  path: string,
  node: ConfigNode | undefined,
  reading: Reading,
): void {
  const values = selection === undefined || selection === 'all' ? [] : selection.values;
  for (const [index, element] of elementsOf(path, node).entries()) {
    const value = values[index];
    if (value !== undefined && !KNOWN.has(value)) {
      const written = element.node.kind === 'scalar' ? String(element.node.value) : '';
      const expected = `one of ${KNOWN_CATEGORIES.join(', ')}${nearestHint(written, KNOWN_CATEGORIES)}`;
      reading.warn(element.path, element.node.line, showNode(element.node), expected);
    }
  }
}
