import type { MonitorSelector } from '../config.ts';
import { type ConfigNode, keyPath, quotingHint } from '../reading/config-node.ts';
import type { Reading } from '../reading/reading.ts';
import { readSection } from '../reading/section.ts';
import { MONITOR_SELECTOR } from './query-schema.ts';

/** Reads a mapping `monitorSelector`; what it does not say selects all, but for monitors that are not ACTIVE. */
export function readMonitorSelector(node: ConfigNode, path: string, reading: Reading): MonitorSelector {
  const map = reading.map(path, node, 'a mapping with name, tags or status');
  const section = readSection(map, path, MONITOR_SELECTOR, reading, ['tags']);
  const tags = map.entries.get('tags')?.value;
  return {
    kind: 'monitors',
    name: section.value('name'),
    tags: tags === undefined ? {} : readTags(tags, keyPath(path, 'tags'), reading),
    status: section.value('status'),
  };
}

/** Tags, whose keys are any text, with their values, which may be empty. */
function readTags(node: ConfigNode, path: string, reading: Reading): Readonly<Record<string, string>> {
  const tags: [string, string][] = [];
  for (const [key, { value }] of reading.map(path, node, 'a mapping of tags to their values').entries) {
    const tagPath = keyPath(path, key);
    if (value.kind !== 'scalar' || typeof value.value !== 'string') {
      reading.reject(tagPath, value, `the text that a tag has as its value${quotingHint(value, tagPath)}`);
      continue;
    }
    const text = reading.expand(tagPath, value, value.value);
    if (text !== undefined) {
      tags.push([key, text]);
    }
  }
  return Object.fromEntries(tags);
}
