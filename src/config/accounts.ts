import type { Role } from './config.ts';
import type { CommonKeys } from './entries/query-schema.ts';
import { warnOfUnknownRegions } from './known-regions.ts';
import { type ConfigNode, elementsOf, keyPath, type MapNode, quote } from './reading/config-node.ts';
import type { ListedMap, Reading } from './reading/reading.ts';
import { readSection, type Section } from './reading/section.ts';
import { readRole, SESSION_TAGS } from './roles.ts';
import { ACCOUNT } from './schema.ts';

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
