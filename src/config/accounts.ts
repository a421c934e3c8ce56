import type { Role } from './config.ts';
import { type ConfigNode, elementsOf, keyPath, type MapNode, quote, quotingHint } from './reading/nodes.ts';
import { createProblem, type Problem } from './reading/problem.ts';
import type { ListedMap, Reading } from './reading/reading.ts';
import { readSection, type Section } from './reading/section.ts';
import { partitionOfArn, partitionOfRegion, warnOfUnknownRegions } from './regions.ts';
import { ACCOUNT, type AccountKeys, type CommonKeys } from './schema.ts';

/** The account that exists without being defined: the default credential chain in the default region. */
export const DEFAULT_ACCOUNT = 'default';

/** An account as the file defines it, before defaults of `aws` are applied. */
export interface AccountDefinition {
  /** `accounts[0]`; undefined for the `default` that the file does not define. */
  readonly path: string | undefined;
  readonly line: number;
  /** Undefined where the file gives none that can be read. */
  readonly name: string | undefined;
  /** Undefined where the account gives none of its own. */
  readonly regions: readonly string[] | undefined;
  readonly regionsListed: boolean;
  /** The account's own regions were reported; what queries say of them cannot be judged. */
  readonly regionsFaulty: boolean;
  readonly profile: string | undefined;
  readonly role: Role | undefined;
  /** Where the file gives the role. */
  readonly roleArnNode: ConfigNode | undefined;
  readonly endpoint: string | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly maxConcurrentRequests: number | undefined;
  readonly maxConcurrentRuns: number | undefined;
}

/** Reads the elements of `accounts`; names that stand twice are reported. */
export function readAccounts(elements: readonly ListedMap[], reading: Reading): readonly AccountDefinition[] {
  const first = new Map<string, AccountDefinition>();
  return elements.map(({ node, path }) => {
    const account = readAccount(node, path, reading);
    const earlier = first.get(account.name ?? '');
    const nameNode = node.entries.get('name')?.value;
    if (earlier !== undefined && nameNode !== undefined) {
      const expected = `a name of its own: ${earlier.path} (line ${earlier.line}) has it too`;
      reading.reject(keyPath(path, 'name'), nameNode, expected);
    } else if (account.name !== undefined) {
      first.set(account.name, account);
    }
    return account;
  });
}

function readAccount(node: MapNode, path: string, reading: Reading): AccountDefinition {
  const section = readSection(node, path, ACCOUNT, reading, [SESSION_TAGS]);
  if (section.written('name') === undefined) {
    reading.report(keyPath(path, 'name'), node.line, 'nothing', ACCOUNT.name.format.expected);
  }
  const both = section.written('region') !== undefined && section.written('regions') !== undefined;
  const regionsNode = node.entries.get('regions');
  if (both && regionsNode !== undefined) {
    reading.report(keyPath(path, 'regions'), regionsNode.keyLine, 'region as well as regions', 'one of the two');
  }
  const single = section.value('region');
  const listed = section.value('regions');
  warnOfUnknownRegions(
    single === undefined ? [] : [single],
    keyPath(path, 'region'),
    section.written('region'),
    reading,
  );
  warnOfUnknownRegions(listed ?? [], keyPath(path, 'regions'), section.written('regions'), reading);
  return {
    path,
    line: node.line,
    name: section.value('name'),
    regions: listed ?? (single === undefined ? undefined : [single]),
    regionsListed: listed !== undefined,
    regionsFaulty: both || section.faulty('region') || section.faulty('regions'),
    profile: section.value('profile'),
    role: readRole(node, path, section, reading),
    roleArnNode: section.written('roleArn'),
    endpoint: section.value('endpoint'),
    requestsPerSecond: section.value('requestsPerSecond'),
    maxConcurrentRequests: section.value('maxConcurrentRequests'),
    maxConcurrentRuns: section.value('maxConcurrentRuns'),
  };
}

const NAMES_SHOWN = 20;

/** The names of accounts for a message. */
function listNames(accounts: Iterable<AccountDefinition>, reading: Reading): string {
  const names = [...accounts].flatMap(({ name }) => (name === undefined ? [] : [quote(reading.show(name))]));
  return `${names.slice(0, NAMES_SHOWN).join(', ')}${names.length > NAMES_SHOWN ? ', …' : ''}`;
}

/** Whether all accounts that `account` names exist; reports those that do not. */
export function checkAccounts(
  section: Section<Pick<CommonKeys, 'account'>>,
  path: string,
  accounts: ReadonlyMap<string, AccountDefinition>,
  reading: Reading,
): boolean {
  const selection = section.value('account');
  const names = selection === 'all' || selection === undefined ? [] : selection.values;
  const missing = elementsOf(keyPath(path, 'account'), section.written('account')).filter((_, index) => {
    const name = names[index];
    return name !== undefined && !accounts.has(name);
  });
  for (const element of missing) {
    const expected = `one of the accounts ${listNames(accounts.values(), reading)}`;
    reading.reject(element.path, element.node, expected);
  }
  return missing.length === 0;
}

/** A key of an account that is read here, since its keys are the user's own. */
const SESSION_TAGS = 'sessionTags';

/** Means something only where a role is assumed. */
const ROLE_KEYS = ['externalId', 'roleSessionName', SESSION_TAGS];

/** STS's own limits for session tags. */
const MAX_TAGS = 50;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u;
const TAG_CHARACTERS = 'letters, digits, spaces and _ . : / = + - @';

/** The role of an account; undefined where it has none, or none that can be read. */
function readRole(node: MapNode, path: string, section: Section<AccountKeys>, reading: Reading): Role | undefined {
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

export function describeMany(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const UNUSED_SHOWN = 10;

/** A warning of the accounts that the file lists and no query is in. None where there are no queries at all. */
export function describeUnusedAccounts(
  definitions: Iterable<AccountDefinition>,
  used: ReadonlySet<string>,
  show: (value: string) => string,
): Problem[] {
  const unused = [...definitions].flatMap(({ name, path, line }) =>
    name === undefined || path === undefined || used.has(name) ? [] : [{ name: quote(show(name)), path, line }],
  );
  const [first, ...others] = unused;
  if (first === undefined || used.size === 0) {
    return [];
  }
  const shown = others.slice(0, UNUSED_SHOWN).map(({ name }) => name);
  const rest = others.length - shown.length;
  const also = `; ${describeMany(others.length, 'other is', 'others are')} not used either: ${shown.join(', ')}`;
  const more = rest === 0 ? '' : ` and ${rest} more`;
  const expected = `an account that a query uses${others.length === 0 ? '' : `${also}${more}`}`;
  return [createProblem(keyPath(first.path, 'name'), first.line, first.name, expected)];
}
