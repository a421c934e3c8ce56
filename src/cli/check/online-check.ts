import pLimit from 'p-limit';
import { type UsedAccount, UsedAccounts } from '../../accounts/accounts.ts';
import { TargetClient } from '../../aws/client.ts';
import type { Credentials } from '../../aws/credentials/credentials.ts';
import { callerIdentity } from '../../aws/credentials/identity.ts';
import { ApiError, toApiError } from '../../aws/errors.ts';
import { BoundedHandler } from '../../aws/network/bounded-handler.ts';
import { createNetwork } from '../../aws/network/network.ts';
import { NetworkConfigError } from '../../aws/network/network-config-error.ts';
import { UNOBSERVED } from '../../aws/unobserved.ts';
import type { Clock } from '../../lib/clock.ts';
import { printable } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import type { Follower, Found } from '../../queries/following.ts';
import type { LoadedWithFiles } from '../../registry/load-with-files.ts';
import { Targets } from '../../scheduler/target.ts';
import { explainFailure } from '../error-advice.ts';
import type { TextSink } from './check-config.ts';
import { type Finding, FindingsReport } from './findings.ts';
import {
  HOPELESS,
  listQuestions,
  type Question,
  scheduledQuestions,
  subjectQuestions,
  watchedQuestion,
} from './online-questions.ts';
import { adviseOnNothing, describeSelected, examplesOf, type Selected, select } from './online-selectors.ts';
import { nameSelector } from './selectors.ts';
export interface OnlineCheckOptions {
  readonly loaded: Pick<LoadedWithFiles, 'config' | 'queries' | 'followers'>;
  /** Of this exporter, for the user agent. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Warnings count as errors. */
  readonly strict: boolean;
  /** Report each check of each target, not a summary. */
  readonly verbose: boolean;
  /** Receives a line for each thing that is well, or was not tried, and for warnings. */
  readonly stdout: TextSink;
  /** Receives a line for each that is not. */
  readonly stderr: TextSink;
}

/** Identities or targets that are asked about at a time, one request each. */
const PARALLEL = 4;
const MAX_ATTEMPTS = 2;
/** Of each target's watched queries, so many are asked for: what is wrong with one is mostly wrong with all. */
const MOST_WATCHED = 20;
/**
 * Asks AWS, once, what a config file's queries need: who we are in each account, whether monitors and scopes exist,
 * whether queries may be asked for. Starts nothing, and changes nothing.
 *
 * @returns whether all is well
 */
export async function checkOnline(options: OnlineCheckOptions): Promise<boolean> {
  const { loaded, env, clock, strict, verbose, stdout, stderr } = options;
  const { config, queries, followers } = loaded;
  try {
    const network = createNetwork({ env, clock });
    try {
      const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
      const places = [...queries, ...followers.map(({ place }) => place)];
      const accounts = new UsedAccounts(handler, clock).use(config, places);
      const identities = identify([...accounts.values()]);
      const checkIn = async (inTarget: InTarget) => {
        const { account } = inTarget.place;
        const used = accounts.get(account);
        if (used === undefined) {
          throw new Error(`account ${account} has a query but is not in use: a mistake of ours`);
        }
        return (await identities(used.credentials)).hopeless ? [] : checkTarget(used, inTarget, handler, options);
      };
      const atOnce = pLimit(PARALLEL);
      const findings = targetsOf(queries, followers).map((inTarget) => atOnce(checkIn, inTarget));
      const report = new FindingsReport({ verbose, stdout, stderr });
      for (const { account, credentials } of accounts.values()) {
        const { failed, text } = await identities(credentials);
        report.add({ kind: failed ? 'error' : 'well', where: account.name, what: text, topic: 'identity' });
      }
      for (const some of findings) {
        for (const finding of await some) {
          report.add(finding);
        }
      }
      report.end();
      return report.errors === 0 && !(strict && report.warnings > 0);
    } finally {
      network.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof NetworkConfigError)) {
      throw thrown;
    }
    stderr.write(`${printable(thrown.message)}\n`);
    return false;
  }
}

interface IdentityAnswer {
  readonly failed: boolean;
  readonly text: string;
  /** Nothing can be asked with these credentials. */
  readonly hopeless: boolean;
}

/** Asks who we are, once for all accounts of the same credentials. */
function identify(accounts: readonly UsedAccount[]): (credentials: Credentials) => Promise<IdentityAnswer> {
  const distinct = [...new Map(accounts.map((used) => [used.credentials, used])).values()];
  const ask = async ({ credentials, sts }: UsedAccount): Promise<IdentityAnswer> => {
    try {
      const { arn, awsAccountId, provider } = await callerIdentity({ credentials, sts }, new AbortController().signal);
      const from = provider === undefined ? '' : `, credentials of ${provider}`;
      return { failed: false, text: `${arn} in AWS account ${awsAccountId}${from}`, hopeless: false };
    } catch (thrown) {
      const failure = toApiError('GetCallerIdentity', thrown);
      return {
        failed: true,
        text: explainFailure(failure),
        hopeless: failure.error === 'CredentialsError',
      };
    }
  };
  const atOnce = pLimit(PARALLEL);
  const answers = distinct.map((used) => atOnce(ask, used));
  const byCredentials = new Map(distinct.map(({ credentials }, i) => [credentials, answers[i]]));
  return async (credentials) => {
    const answer = await byCredentials.get(credentials);
    if (answer === undefined) {
      throw new Error('credentials that no account in use has: a mistake of ours');
    }
    return answer;
  };
}

type Place = Pick<RegisteredQuery, 'account' | 'region'>;

interface InTarget {
  readonly place: Place;
  readonly queries: RegisteredQuery[];
  readonly followers: Follower[];
}

/** The targets of queries, and of entries whose queries follow what is found there. */
function targetsOf(queries: readonly RegisteredQuery[], followers: readonly Follower[]): readonly InTarget[] {
  const targets = new Map<string, InTarget>();
  const target = (place: Place): InTarget => {
    const key = `${place.account} ${place.region}`;
    const known = targets.get(key) ?? { place, queries: [], followers: [] };
    targets.set(key, known);
    return known;
  };
  for (const query of queries) {
    target(query).queries.push(query);
  }
  for (const follower of followers) {
    target(follower.place).followers.push(follower);
  }
  return [...targets.values()];
}

async function checkTarget(
  { account, credentials }: UsedAccount,
  { place: { region }, queries, followers }: InTarget,
  handler: BoundedHandler,
  { version, clock, loaded, verbose }: OnlineCheckOptions,
): Promise<readonly Finding[]> {
  const client = new TargetClient({
    target: new Targets(clock).add(account.name, region, account),
    clock,
    handler,
    credentials,
    observer: UNOBSERVED,
    endpoint: account.endpoint?.replaceAll('{region}', region),
    maxAttempts: MAX_ATTEMPTS,
    version,
  });
  const asking = new Asking(`${account.name} ${region}`);
  const found: Partial<Found> = {};
  await asking.askAll(loaded.config.discovery.monitorsEvery > 0 ? listQuestions(client, followers, found) : []);
  const selected = select(followers, found);
  for (const each of selected) {
    asking.addSelected(each, verbose);
  }
  const watched = queries.filter((query) => query.kind === 'watched');
  const scheduled = queries.filter((query) => query.kind === 'scheduled');
  await asking.askAll([
    ...subjectQuestions(client, queries),
    ...watched.slice(0, MOST_WATCHED).map((query) => watchedQuestion(client, query)),
    ...scheduledQuestions(client, [...scheduled, ...selected.flatMap(examplesOf)]),
  ]);
  return asking.end(watched.length - MOST_WATCHED);
}

/** The questions about one target, and what came of them. */
class Asking {
  readonly #where: string;
  readonly #findings: Finding[] = [];
  #isHopeless = false;
  #skipped = 0;

  constructor(where: string) {
    this.#where = where;
  }

  /** Asks one after the other, until one shows that none is answered. */
  async askAll(questions: readonly Question[]): Promise<void> {
    for (const { about, ask, excuse } of questions) {
      if (this.#isHopeless) {
        this.#skipped += 1;
        continue;
      }
      try {
        this.#add('well', `${about}: ${await ask()}`);
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) {
          throw thrown;
        }
        const excused = excuse?.(thrown.error);
        this.#add(excused === undefined ? 'error' : 'well', `${about}: ${excused ?? explainFailure(thrown)}`);
        this.#isHopeless = HOPELESS.has(thrown.error);
      }
    }
  }

  /** Says what a selector selects, if that is known. */
  addSelected(selected: Selected, verbose: boolean): void {
    if (selected.subjects !== undefined) {
      const isEmpty = selected.subjects.length === 0;
      const what = `selector ${nameSelector(selected.follower)}: ${describeSelected(selected, verbose)}`;
      this.#add(isEmpty ? 'warning' : 'well', isEmpty ? `${what}: ${adviseOnNothing(selected)}` : what, 'selector');
    }
  }

  /** @param unasked watched queries that were not asked for, since there are so many */
  end(unasked: number): readonly Finding[] {
    if (this.#skipped > 0) {
      this.#add('error', `${this.#skipped} more questions were not asked after that`);
    } else if (unasked > 0 && !this.#isHopeless) {
      this.#add('well', `${unasked} more watched queries were not asked for`);
    }
    return this.#findings;
  }

  #add(kind: Finding['kind'], what: string, topic: Finding['topic'] = 'other'): void {
    this.#findings.push({ kind, where: this.#where, what, topic });
  }
}
