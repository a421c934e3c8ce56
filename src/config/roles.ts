import type { Role } from './config.ts';
import { partitionOfArn, partitionOfRegion } from './partition.ts';
import { type ConfigNode, keyPath, type MapNode, quote, quotingHint } from './reading/config-node.ts';
import type { Reading } from './reading/reading.ts';
import type { Section } from './reading/section.ts';
import type { AccountKeys } from './schema.ts';

/** A key of an account that is read here, since its keys are the user's own. */
export const SESSION_TAGS = 'sessionTags';

/** Means something only where a role is assumed. */
const ROLE_KEYS = ['externalId', 'roleSessionName', SESSION_TAGS];

/** STS's own limits for session tags. */
const MAX_TAGS = 50;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u;
const TAG_CHARACTERS = 'letters, digits, spaces and _ . : / = + - @';

/** The role of an account; undefined where it has none, or none that can be read. */
export function readRole(
  node: MapNode,
  path: string,
  section: Section<AccountKeys>,
  reading: Reading,
): Role | undefined {
  const tags = node.entries.get(SESSION_TAGS)?.value;
  const sessionTags = tags === undefined ? {} : readSessionTags(tags, keyPath(path, SESSION_TAGS), reading);
  if (section.written('roleArn') === undefined) {
    for (const key of ROLE_KEYS) {
      const entry = node.entries.get(key);
      if (entry !== undefined) {
        reading.report(keyPath(path, key), entry.keyLine, `${key} without roleArn`, 'roleArn, too: the role to assume');
      }
    }
  }
  const arn = section.value('roleArn');
  return arn === undefined
    ? undefined
    : { arn, sessionName: section.value('roleSessionName'), externalId: section.value('externalId'), sessionTags };
}

/** Reads a mapping of session tags. Those with a fault are reported and left out. */
function readSessionTags(node: ConfigNode, path: string, reading: Reading): Readonly<Record<string, string>> {
  const { entries } = reading.map(path, node, 'a mapping of tag keys to text');
  if (entries.size > MAX_TAGS) {
    reading.reject(path, node, `at most ${MAX_TAGS} tags`);
  }
  const tags = new Map<string, string>();
  const folded = new Set<string>();
  for (const [key, { keyLine, value }] of entries) {
    const tagPath = keyPath(path, key);
    const text = readTagValue(value, tagPath, reading);
    if (!TAG_KEY.test(key) || /^aws:/i.test(key)) {
      const expected = `a tag key: 1 to 128 ${TAG_CHARACTERS}; not aws: first`;
      reading.report(tagPath, keyLine, `the key ${quote(key)}`, expected);
    } else if (folded.has(key.toLowerCase())) {
      reading.report(tagPath, keyLine, 'a key that differs from another only in case', 'each key once, in any case');
    } else if (text !== undefined) {
      tags.set(key, text);
    }
    folded.add(key.toLowerCase());
  }
  return Object.fromEntries(tags);
}

function readTagValue(node: ConfigNode, path: string, reading: Reading): string | undefined {
  const expected = `a tag value: text of at most 256 ${TAG_CHARACTERS}`;
  if (node.kind !== 'scalar' || typeof node.value !== 'string') {
    reading.reject(path, node, `${expected}${quotingHint(node, path)}`);
    return undefined;
  }
  const text = reading.expand(path, node, node.value);
  if (text !== undefined && !TAG_VALUE.test(text)) {
    reading.reject(path, node, expected);
    return undefined;
  }
  return text;
}

/** Reports a role that is of another partition than one of the regions it is used in. */
export function checkRolePartition(
  arn: { readonly value: string; readonly path: string; readonly node: ConfigNode },
  regions: readonly string[],
  reading: Reading,
): void {
  const own = partitionOfArn(arn.value);
  const foreign = regions.find((region) => partitionOfRegion(region) !== own);
  if (foreign !== undefined) {
    const expected = `a role of partition ${partitionOfRegion(foreign)}, which region ${reading.show(foreign)} is in; this one is of partition ${own}`;
    reading.reject(arn.path, arn.node, expected);
  }
}
