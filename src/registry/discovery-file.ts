import type { ConfigContext } from '../config/entries/outside.ts';
import { decodeText, problemsOf, readRegularFile, UnreadableFileError } from '../config/reading/problem.ts';
import type { RegisteredQuery } from '../model/query.ts';
import { digestOf, type LoadedEntries, loadEntriesFile } from '../queries/load.ts';
import type { SourceQueries } from '../queries/sources.ts';

export interface FileReading {
  /** Equal for equal contents. */
  readonly version: string;
  /** @throws ConfigError with all errors of the content in this configuration */
  load(context: ConfigContext): Promise<LoadedEntries>;
}

/** The last accepted state of a discovery file. */
export interface KnownFile {
  readonly version: string;
  readonly valid: boolean;
  /** Queries and selectors of its last valid content. */
  readonly source: SourceQueries;
  /** Number of queries and selectors in its last valid content; undefined before the first. */
  readonly size: number | undefined;
  /** Errors of an invalid file, warnings of a valid one. */
  readonly messages: readonly string[];
}

const NOTHING: SourceQueries = { queries: [], followers: [] };

/** Reads a discovery file, valid or not; undefined if it does not exist. */
export async function readDiscoveryFile(file: string): Promise<FileReading | undefined> {
  try {
    const bytes = await readRegularFile(file);
    return {
      version: digestOf(bytes),
      load: async (context) => loadEntriesFile(decodeText(bytes, file), file, context),
    };
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) {
      throw error;
    }
    const { code, reason } = error;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : { version: reason, load: () => Promise.reject(error) };
  }
}

/** Loads a file with a configuration. An invalid file keeps its previous queries, as far as the configuration allows. */
export async function loadKnownFile(
  { version, load }: FileReading,
  before: KnownFile | undefined,
  context: ConfigContext,
): Promise<KnownFile> {
  try {
    const entries = await load(context);
    const size = entries.queries.length + entries.followers.length;
    return { version, valid: true, source: entries, size, messages: entries.warnings.map(({ message }) => message) };
  } catch (error) {
    const messages = problemsOf(error).map(({ message }) => message);
    const source = before === undefined ? NOTHING : possibleIn(context, before.source);
    return { version, valid: false, source, size: before?.size, messages };
  }
}

/** Returns the queries and selectors of an earlier configuration whose account and region another configuration has. */
function possibleIn({ entry, accounts }: ConfigContext, { queries, followers }: SourceQueries): SourceQueries {
  const isPossible = ({ account: name, region }: Pick<RegisteredQuery, 'account' | 'region'>) => {
    const regions = entry.accounts.byName.get(name)?.regions;
    return accounts.some((account) => account.name === name) && (regions === undefined || regions.includes(region));
  };
  return {
    queries: queries.filter(isPossible),
    followers: followers.filter(({ target }) => entry.listed && isPossible(target)),
  };
}
