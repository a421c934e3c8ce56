import { BoundedHandler } from '../api/bounded-handler.ts';
import { TargetClient } from '../api/client.ts';
import type { Credentials } from '../api/credentials.ts';
import { ApiError, type ApiErrorName, toApiError } from '../api/errors.ts';
import { callerIdentity } from '../api/identity.ts';
import { createNetwork } from '../api/network.ts';
import { NetworkConfigError } from '../api/network-config-error.ts';
import { UNOBSERVED } from '../api/unobserved.ts';
import type { RegisteredQuery, ScheduledQuery, WatchedQuery } from '../queries/query.ts';
import type { Clock } from '../runtime/clock.ts';
import { Targets } from '../scheduler/target.ts';
import type { TextSink } from './check-config.ts';
import { explainFailure } from './error-advice.ts';
import { printable } from './query/printable.ts';
import type { LoadedWithFiles } from './sources/load-with-files.ts';
import { type UsedAccount, UsedAccounts } from './targets/accounts.ts';

export interface OnlineCheckOptions {
  readonly loaded: Pick<LoadedWithFiles, 'config' | 'queries' | 'followers'>;
  /** Of this exporter, for the user agent. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Receives a line for each thing that is well, or was not tried. */
  readonly stdout: TextSink;
  /** Receives a line for each that is not. */
  readonly stderr: TextSink;
}

/** What came of one question to AWS. */
interface Finding {
  readonly error: boolean;
  /** Where, what, and what to do. */
  readonly text: string;
}

/** Identities or targets that are asked about at a time, one request each. */
const PARALLEL = 4;
const MAX_ATTEMPTS = 2;
/** Of each target's watched queries, so many are asked for: what is wrong with one is mostly wrong with all. */
const MOST_WATCHED = 20;
/** No query has it: who asks for it changes nothing, and is refused for want of permission before all else. */
const NO_QUERY_ID = '00000000-0000-0000-0000-000000000000';

/** After these nothing else is to be learnt in an account and region. */
const HOPELESS: ReadonlySet<ApiErrorName> = new Set([
  'CredentialsError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'NetworkError',
  'TimeoutError',
  'UnrecognizedClientException',
]);

/** Of a question about a query that does not exist: answers that are no leave to ask. All others are one. */
const REFUSALS: ReadonlySet<ApiErrorName> = new Set([
  ...HOPELESS,
  'AccessDeniedException',
  'InvalidResponse',
  'OtherError',
  'ThrottlingException',
  'UnknownOperationException',
]);

/**
 * Asks AWS, once, what a config file's queries need: who we are in each account, whether monitors and scopes exist,
 * whether queries may be asked for. Starts nothing, and changes nothing.
 *
 * @returns whether all is well
 */
export async function checkOnline(options: OnlineCheckOptions): Promise<boolean> {
  const { loaded, env, clock, stdout, stderr } = options;
  const { config, queries, followers } = loaded;
  try {
    const network = createNetwork({ env, clock });
    try {
      const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
      const followed = followers.map(({ place }) => place);
      const accounts = new UsedAccounts(handler, clock).use(config, [...queries, ...followed]);
      const identities = identify([...accounts.values()]);
      const findings = inParallel(targetsOf(queries, followed), async (inTarget) => {
        const { account } = inTarget.place;
        const used = accounts.get(account);
        if (used === undefined) {
          throw new Error(`account ${account} has a query but is not in use: a mistake of ours`);
        }
        return (await identities(used.credentials)).hopeless ? [] : checkTarget(used, inTarget, handler, options);
      });
      let well = true;
      const tell = ({ error, text }: Finding) => {
        well &&= !error;
        (error ? stderr : stdout).write(`${printable(text)}\n`);
      };
      for (const { account, credentials } of accounts.values()) {
        const { finding } = await identities(credentials);
        tell({ ...finding, text: `${account.name}: ${finding.text}` });
      }
      for (const some of findings) {
        for (const finding of await some) {
          tell(finding);
        }
      }
      return well;
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
  readonly finding: Finding;
  /** Nothing can be asked with these credentials. */
  readonly hopeless: boolean;
}

/** Asks who we are, once for all accounts of the same credentials. */
function identify(accounts: readonly UsedAccount[]): (credentials: Credentials) => Promise<IdentityAnswer> {
  const distinct = [...new Map(accounts.map((used) => [used.credentials, used])).values()];
  const answers = inParallel(distinct, async ({ credentials, sts }): Promise<IdentityAnswer> => {
    try {
      const { arn, awsAccountId, provider } = await callerIdentity({ credentials, sts }, new AbortController().signal);
      const from = provider === undefined ? '' : `, credentials of ${provider}`;
      return { finding: { error: false, text: `${arn} in AWS account ${awsAccountId}${from}` }, hopeless: false };
    } catch (thrown) {
      const failure = toApiError('GetCallerIdentity', thrown);
      return {
        finding: { error: true, text: explainFailure(failure) },
        hopeless: failure.error === 'CredentialsError',
      };
    }
  });
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
}

/** The targets of queries, and of entries whose queries follow what is found there. */
function targetsOf(queries: readonly RegisteredQuery[], followed: readonly Place[]): readonly InTarget[] {
  const targets = new Map<string, InTarget>();
  const target = (place: Place): InTarget => {
    const key = `${place.account} ${place.region}`;
    const known = targets.get(key) ?? { place, queries: [] };
    targets.set(key, known);
    return known;
  };
  for (const query of queries) {
    target(query).queries.push(query);
  }
  for (const place of followed) {
    target(place);
  }
  return [...targets.values()];
}

/** A question to AWS; what it throws is a finding, too. */
interface Question {
  /** `monitor checkout` */
  readonly about: string;
  ask(): Promise<string>;
  /** In words, an answer that is bad but no error; undefined for all others. */
  excuse?(error: ApiErrorName): string | undefined;
}

async function checkTarget(
  { account, credentials }: UsedAccount,
  { place: { region }, queries }: InTarget,
  handler: BoundedHandler,
  { version, clock, loaded }: OnlineCheckOptions,
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
  const where = `${account.name} ${region}`;
  const findings: Finding[] = [];
  const watched = queries.filter((query) => query.kind === 'watched');
  const questions = [
    ...(loaded.config.discovery.monitorsEvery > 0 ? listQuestions(client) : []),
    ...subjectQuestions(client, queries),
    ...watched.slice(0, MOST_WATCHED).map((query) => watchedQuestion(client, query)),
    ...scheduledQuestions(
      client,
      queries.filter((query) => query.kind === 'scheduled'),
    ),
  ];
  for (const [i, { about, ask, excuse }] of questions.entries()) {
    try {
      findings.push({ error: false, text: `${where}: ${about}: ${await ask()}` });
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) {
        throw thrown;
      }
      const excused = excuse?.(thrown.error);
      findings.push({ error: excused === undefined, text: `${where}: ${about}: ${excused ?? explainFailure(thrown)}` });
      const left = questions.length - i - 1;
      if (HOPELESS.has(thrown.error)) {
        return left === 0
          ? findings
          : [...findings, { error: true, text: `${where}: ${left} more questions were not asked after that` }];
      }
    }
  }
  if (watched.length > MOST_WATCHED) {
    const rest = watched.length - MOST_WATCHED;
    findings.push({ error: false, text: `${where}: ${rest} more watched queries were not asked for` });
  }
  return findings;
}

/** Whether monitors and scopes may be listed. */
function listQuestions(client: TargetClient): readonly Question[] {
  const counted = (page: readonly unknown[], nextToken: string | undefined) =>
    `${page.length}${nextToken === undefined ? '' : ' or more'} found`;
  return [
    {
      about: 'monitors',
      async ask() {
        const { page, nextToken } = await client.listMonitors(undefined, new AbortController().signal);
        return counted(page, nextToken);
      },
    },
    {
      about: 'scopes',
      async ask() {
        const { page, nextToken } = await client.listScopes(undefined, new AbortController().signal);
        return counted(page, nextToken);
      },
    },
  ];
}

/** Whether what queries ask about exists, each thing once. */
function subjectQuestions(client: TargetClient, queries: readonly RegisteredQuery[]): readonly Question[] {
  const subjects = new Map(queries.map((query) => [subjectOf(query), query]));
  return Array.from(subjects, ([about, { monitorName, scopeId }]) => ({
    about,
    async ask() {
      const signal = new AbortController().signal;
      const status =
        monitorName === undefined
          ? await client.subjectStatus('scope', scopeId ?? '', signal)
          : await client.subjectStatus('monitor', monitorName, signal);
      return `exists, ${status}`;
    },
    excuse(error) {
      const operation = monitorName === undefined ? 'GetScope' : 'GetMonitor';
      return error === 'AccessDeniedException'
        ? `not known whether it exists: ${operation} is not allowed, nor needed but for this question`
        : undefined;
    },
  }));
}

function subjectOf({ monitorName, scopeId }: RegisteredQuery): string {
  return monitorName === undefined ? `scope ${scopeId}` : `monitor ${monitorName}`;
}

function watchedQuestion(client: TargetClient, query: WatchedQuery): Question {
  return {
    about: `query ${query.name}`,
    ask: () => client.queryStatus(query, new AbortController().signal),
  };
}

/** Whether answers to queries may be read, once for each thing and type: that much is to be learnt without a start. */
function scheduledQuestions(client: TargetClient, queries: readonly ScheduledQuery[]): readonly Question[] {
  const kinds = new Map(queries.map((query) => [`${query.type} of ${subjectOf(query)}`, query]));
  return Array.from(kinds, ([about, query]) => ({
    about,
    async ask() {
      const reference = { ...query, queryId: NO_QUERY_ID };
      const { signal } = new AbortController();
      await unlessRefused(() => client.queryStatus(reference, signal));
      await unlessRefused(() => client.queryResults(reference, undefined, () => undefined, signal));
      return 'status and results may be read; start and stop were not tried, since they change something';
    },
  }));
}

/** @throws ApiError where the failure says that the question itself is not allowed, or never arrived. */
async function unlessRefused(ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || REFUSALS.has(thrown.error)) {
      throw thrown;
    }
  }
}

/** Does all, a few at a time; answers come in the order of `items`, each as soon as it is there. */
function inParallel<Item, Answer>(
  items: readonly Item[],
  answerTo: (item: Item) => Promise<Answer>,
): readonly Promise<Answer>[] {
  const answers: Promise<Answer>[] = [];
  for (const item of items) {
    // Each waits for the one that has its place, so that at most so many are under way.
    const before = answers.length < PARALLEL ? undefined : answers[answers.length - PARALLEL];
    answers.push((before ?? Promise.resolve()).then(() => answerTo(item)));
  }
  return answers;
}
