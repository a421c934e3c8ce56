import { abbreviate, counted } from '../lib/text.ts';
import { type CloudwatchSection, readCloudwatch, settleCloudwatch } from './cloudwatch.ts';
import type { Account, CloudwatchSettings, Role } from './config.ts';
import { namedIn } from './reading/formats.ts';
import { type ConfigNode, elementsOf, isNull, keyPath, type MapNode, quote } from './reading/nodes.ts';
import { createProblem, type Problem } from './reading/problem.ts';
import type { ListedMap, Reading } from './reading/reading.ts';
import { readSection, type Section } from './reading/section.ts';
import { warnOfUnknownRegions } from './regions.ts';
import { ACCOUNT, type AccountKeys, type AwsKeys, type CommonKeys } from './schema.ts';

/** The account that needs no definition: the default credential chain in the default region. */
export const DEFAULT_ACCOUNT = 'default';

/** An account as defined in the file, before the defaults of `aws` are applied. */
export interface AccountDefinition {
  /** `accounts[0]`. Undefined for an implicit `default`. */
  readonly path: string | undefined;
  readonly line: number;
  /** Undefined if it is missing or invalid. */
  readonly name: string | undefined;
  /** Undefined if the account has none of its own. */
  readonly regions: readonly string[] | undefined;
  readonly regionsListed: boolean;
  /** The account's own regions are invalid, so the regions of queries cannot be checked against them. */
  readonly regionsFaulty: boolean;
  readonly role: Role | undefined;
  readonly roleArnNode: ConfigNode | undefined;
  readonly cloudwatch: CloudwatchSection | undefined;
  /** Keys of the account itself. Empty for an implicit `default`. */
  readonly own: Partial<AccountKeys>;
}

const IMPLICIT_ACCOUNT: AccountDefinition = {
  path: undefined,
  line: 1,
  name: DEFAULT_ACCOUNT,
  regions: undefined,
  regionsListed: false,
  regionsFaulty: false,
  role: undefined,
  roleArnNode: undefined,
  cloudwatch: undefined,
  own: {},
};

/** The accounts that queries may name. */
export interface Accounts {
  readonly byName: ReadonlyMap<string, AccountDefinition>;
  /** False if a name is missing because of a reported error. */
  readonly areComplete: boolean;
  /** The valid elements of the list, and `default` unless the file defines it. */
  readonly definitions: readonly AccountDefinition[];
  /** The names that `"*"` selects: those of the list, or `default`. */
  readonly all: readonly string[];
}

export function readAccounts(node: ConfigNode | undefined, reading: Reading): Accounts {
  const listed = readElements(reading.maps('accounts', node, 'a mapping with name'), reading);
  const count = node === undefined || isNull(node) ? 0 : node.kind === 'list' ? node.items.length : undefined;
  const areComplete = listed.length === count && listed.every(({ name }) => name !== undefined);
  // An invalid definition may be that of `default`, so its regions are unknown.
  const implicit = { ...IMPLICIT_ACCOUNT, regionsFaulty: !areComplete };
  const definitions = listed.some(({ name }) => name === DEFAULT_ACCOUNT) ? listed : [...listed, implicit];
  const byName = new Map(definitions.map((account) => [account.name ?? '', account]));
  const all = listed.length === 0 ? [DEFAULT_ACCOUNT] : listed.flatMap(({ name }) => name ?? []);
  return { definitions, byName, areComplete, all };
}

/**
 * Returns an account with the defaults of `aws`, or undefined if it has no name.
 * @param region of accounts without a region
 * @param cloudwatch settings of the account's metrics from CloudWatch
 */
export function resolveAccount(
  { name, regions, regionsListed, role, own }: AccountDefinition,
  aws: AwsKeys,
  region: string | undefined,
  cloudwatch: CloudwatchSettings | undefined,
): Account | undefined {
  return name === undefined
    ? undefined
    : {
        ...{ name, regionsListed, role, cloudwatch, profile: own.profile },
        regions: regions ?? (region === undefined ? [] : [region]),
        endpoint: own.endpoint ?? aws.endpoint,
        requestsPerSecond: own.requestsPerSecond ?? aws.requestsPerSecond,
        maxConcurrentRequests: own.maxConcurrentRequests ?? aws.maxConcurrentRequests,
        maxConcurrentRuns: own.maxConcurrentRuns ?? aws.maxConcurrentRuns,
      };
}

/**
 * Returns the settings of the accounts whose metrics are read from CloudWatch: those with a section of their own and, if there
 * is one at the top level, all accounts of the file. Without any, `default`.
 */
export function cloudwatchOfAccounts(
  definitions: readonly AccountDefinition[],
  top: CloudwatchSection | undefined,
  reading: Reading,
): ReadonlyMap<AccountDefinition, CloudwatchSettings> {
  const isAnyListed = definitions.some(({ path }) => path !== undefined);
  const shared = top === undefined ? undefined : settleCloudwatch([top], reading);
  const settings = new Map<AccountDefinition, CloudwatchSettings>();
  for (const account of definitions) {
    const { path, cloudwatch: own } = account;
    const inherited = path !== undefined || !isAnyListed ? shared : undefined;
    const settled = own === undefined ? inherited : settleCloudwatch(top === undefined ? [own] : [own, top], reading);
    if (settled !== undefined) {
      settings.set(account, settled);
    }
  }
  return settings;
}

function readElements(elements: readonly ListedMap[], reading: Reading): readonly AccountDefinition[] {
  const first = new Map<string, AccountDefinition>();
  return elements.map(({ node, path }) => {
    const account = readAccount(node, path, reading);
    const earlier = first.get(account.name ?? '');
    const nameNode = node.entries.get('name')?.value;
    if (earlier !== undefined && nameNode !== undefined) {
      const expected = `a unique name: ${earlier.path} (line ${earlier.line}) has the same name`;
      reading.reject(keyPath(path, 'name'), nameNode, expected);
    } else if (account.name !== undefined) {
      first.set(account.name, account);
    }
    return account;
  });
}

function readAccount(node: MapNode, path: string, reading: Reading): AccountDefinition {
  const section = readSection(node, path, ACCOUNT, reading, [SESSION_TAGS, 'cloudwatch']);
  if (section.written('name') === undefined) {
    reading.report(keyPath(path, 'name'), node.line, 'nothing', ACCOUNT.name.format.expected);
  }
  const both = section.written('region') !== undefined && section.written('regions') !== undefined;
  const regionsNode = node.entries.get('regions');
  if (both && regionsNode !== undefined) {
    reading.report(keyPath(path, 'regions'), regionsNode.keyLine, 'both region and regions', 'only one of them');
  }
  const { name, region: single, regions: listed } = section.values;
  warnOfUnknownRegions(single, keyPath(path, 'region'), section.written('region'), reading);
  warnOfUnknownRegions(listed, keyPath(path, 'regions'), section.written('regions'), reading);
  return {
    path,
    line: node.line,
    name,
    regions: listed ?? (single === undefined ? undefined : [single]),
    regionsListed: listed !== undefined,
    regionsFaulty: both || section.faulty('region') || section.faulty('regions'),
    role: readRole(node, path, section, reading),
    roleArnNode: section.written('roleArn'),
    cloudwatch: readCloudwatch(node.entries.get('cloudwatch')?.value, keyPath(path, 'cloudwatch'), reading),
    own: section.values,
  };
}

/** Most names of accounts in a message. */
const ACCOUNTS_SHOWN = 20;

/** Returns true if all accounts in `account` exist. Reports those that do not, unless names are missing. */
export function checkAccounts(
  section: Section<Pick<CommonKeys, 'account'>>,
  path: string,
  { byName, areComplete }: Accounts,
  reading: Reading,
): boolean {
  const names = namedIn(section.values.account);
  const elements = elementsOf(keyPath(path, 'account'), section.written('account'), names);
  const missing = elements.filter(({ value }) => !byName.has(value));
  for (const element of areComplete ? missing : []) {
    const known = [...byName.values()].flatMap(({ name }) => (name === undefined ? [] : [quote(reading.show(name))]));
    reading.reject(element.path, element.node, `one of the accounts ${abbreviate(known, ACCOUNTS_SHOWN)}`);
  }
  return missing.length === 0;
}

/** A mapping with free keys, which no schema describes. */
const SESSION_TAGS = 'sessionTags';

/** Only valid together with `roleArn`. */
const ROLE_KEYS = ['externalId', 'roleSessionName', SESSION_TAGS];

/** STS's limits for session tags. */
const MAX_TAGS = 50;
const TAG_KEY = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{1,128}$/u;
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+@-]{0,256}$/u;
const TAG_CHARACTERS = 'letters, digits, spaces, and _ . : / = + - @';
const TAG_VALUE_EXPECTED = `a tag value: text of at most 256 ${TAG_CHARACTERS}`;

/** Returns the role of an account, or undefined if it is missing or invalid. */
function readRole(node: MapNode, path: string, section: Section<AccountKeys>, reading: Reading): Role | undefined {
  const sessionTags = readSessionTags(node.entries.get(SESSION_TAGS)?.value, keyPath(path, SESSION_TAGS), reading);
  for (const key of section.written('roleArn') === undefined ? ROLE_KEYS : []) {
    const line = node.entries.get(key)?.keyLine;
    if (line !== undefined) {
      reading.report(keyPath(path, key), line, `${key} without roleArn`, 'roleArn (the role to assume) as well');
    }
  }
  const { roleArn: arn, roleSessionName: sessionName, externalId } = section.values;
  return arn === undefined ? undefined : { arn, sessionName, externalId, sessionTags };
}

function readSessionTags(node: ConfigNode | undefined, path: string, reading: Reading): Role['sessionTags'] {
  const { entries } = reading.map(path, node, 'a mapping of tag keys to text');
  if (node !== undefined && entries.size > MAX_TAGS) {
    reading.reject(path, node, `at most ${MAX_TAGS} tags`);
  }
  const tags = new Map<string, string>();
  const folded = new Set<string>();
  for (const [key, { keyLine, value }] of entries) {
    const tagPath = keyPath(path, key);
    const text = reading.text(tagPath, value, TAG_VALUE_EXPECTED, (each) => TAG_VALUE.test(each));
    if (!TAG_KEY.test(key) || /^aws:/i.test(key)) {
      const expected = `a tag key: 1 to 128 ${TAG_CHARACTERS}; aws: is reserved at the beginning`;
      reading.report(tagPath, keyLine, `the key ${quote(key)}`, expected);
    } else if (folded.has(key.toLowerCase())) {
      const got = 'a key that differs from another one only in case';
      reading.report(tagPath, keyLine, got, 'keys that differ in more than case');
    } else if (text !== undefined) {
      tags.set(key, text);
    }
    folded.add(key.toLowerCase());
  }
  return Object.fromEntries(tags);
}

/** Returns one warning about all accounts of the file that no query uses. Returns none if there are no queries. */
export function describeUnusedAccounts(
  definitions: Iterable<AccountDefinition>,
  used: ReadonlySet<string>,
  show: (value: string) => string,
): Problem[] {
  const [first, ...others] = [...definitions].flatMap(({ name, path, line }) =>
    name === undefined || path === undefined || used.has(name) ? [] : [{ name: quote(show(name)), path, line }],
  );
  if (first === undefined || used.size === 0) {
    return [];
  }
  const number = counted(others.length, 'other account is', 'other accounts are');
  const also = others.length === 0 ? '' : `; ${number} unused: ${abbreviate(others.map(({ name }) => name))}`;
  return [createProblem(keyPath(first.path, 'name'), first.line, first.name, `an account that a query uses${also}`)];
}
