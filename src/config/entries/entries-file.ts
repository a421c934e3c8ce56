import { type ConfigNode, nodeAt } from '../reading/config-node.ts';
import { parseLongYaml } from '../reading/long-yaml.ts';
import { type ListedMap, Reading } from '../reading/reading.ts';
import { type ConfigContext, type OutsideEntries, readOutsideEntries } from './outside-entries.ts';

/**
 * Reads the text of a file that holds a list of entries, as `queries` of the config file does; a blank file holds none.
 * Paths begin with the file's name: `queries.d/a.yml[0].name`. Never throws for what the file says.
 */
export async function readEntriesFile(text: string, file: string, context: ConfigContext): Promise<OutsideEntries> {
  const reading = new Reading(context.env, context.show);
  const { root, problems, blank } = await parseLongYaml(text, { file, rootPath: file });
  reading.takeProblems(problems);
  if (blank) {
    reading.warn(file, 1, 'an empty file', 'a list of entries; [] for none');
  }
  const list = root?.kind === 'map' && root.entries.size === 0 ? undefined : root;
  const elements = reading.maps(file, list, 'a mapping with name and queryId or schedule');
  return {
    ...(await readOutsideEntries(elements, 'file', context, reading)),
    problems: reading.problems,
    warnings: reading.warnings,
    written: (path) => nodeInEntry(elements, path),
    show: reading.show,
  };
}

/** A file's name may hold what separates the steps of a path. */
function nodeInEntry(elements: readonly ListedMap[], path: string): ConfigNode | undefined {
  const element = elements.find((each) => path === each.path || path.startsWith(`${each.path}.`));
  return element && nodeAt(element.node, path.slice(element.path.length));
}
