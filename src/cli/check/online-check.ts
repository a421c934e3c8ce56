import pLimit from 'p-limit';
import { type UsedAccount, UsedAccounts } from '../../accounts/accounts.ts';
import { UNOBSERVED } from '../../aws/attempts.ts';
import { TargetClient } from '../../aws/client.ts';
import { CloudwatchClient } from '../../aws/cloudwatch/client.ts';
import type { Credentials } from '../../aws/credentials/credentials.ts';
import { callerIdentity } from '../../aws/credentials/identity.ts';
import { ApiError, toApiError } from '../../aws/errors.ts';
import { BoundedHandler } from '../../aws/network/bounded-handler.ts';
import { createNetwork } from '../../aws/network/network.ts';
import { NetworkConfigError } from '../../aws/network/proxy-routes.ts';
import type { Clock } from '../../lib/clock.ts';
import { counted, printable } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import type { Follower } from '../../queries/following.ts';
import type { LoadedWithFiles } from '../../registry/load-with-files.ts';
import { Targets } from '../../scheduler/target.ts';
import { explainFailure } from '../error-advice.ts';
import type { TextSink } from './check-config.ts';
import { type Finding, FindingsReport } from './findings.ts';
import { metricCheck } from './metric-check.ts';
import {
  adviseOnNothing,
  describeSelected,
  examplesOf,
  type Listed,
  type Selected,
  select,
} from './online-selectors.ts';
import { nameSelector } from './selectors.ts';
import {
  type Check,
  FATAL_ERRORS,
  listingChecks,
  scheduledChecks,
  subjectChecks,
  watchedCheck,
} from './target-checks.ts';
export interface OnlineCheckOptions {
  readonly loaded: Pick<LoadedWithFiles, 'config' | 'queries' | 'followers' | 'metricTargets'>;
  /** Version of the exporter, for the user agent. */
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Treat warnings as errors. */
  readonly strict: boolean;
  /** Report each check of each target instead of a summary. */
  readonly verbose: boolean;
  /** Receives a line for each successful or skipped check, and for each warning. */
  readonly stdout: TextSink;
  /** Receives a line for each error. */
  readonly stderr: TextSink;
}

/** Identities or targets that are checked at a time, with one request each. */
const PARALLEL = 4;
const MAX_ATTEMPTS = 2;
/** Most watched queries to check per target: a problem with one usually applies to all. */
const MOST_WATCHED = 20;
/**
 * Checks the prerequisites of a config file's queries with calls to AWS: the identity in each account, the existence of
 * monitors and scopes, and permissions. Starts and changes nothing.
 *
 * @returns true if all checks succeed
 */
export async function checkOnline(options: OnlineCheckOptions): Promise<boolean> {
  const { loaded, env, clock, strict, verbose, stdout, stderr } = options;
  const { config, queries, followers, metricTargets } = loaded;
  try {
    const network = createNetwork({ env, clock });
    try {
      const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
      const targets = [...queries, ...followers.map(({ target }) => target), ...metricTargets];
      const accounts = new UsedAccounts(handler, clock).use(config, targets);
      const identityOf = identities();
      const checkedAccounts = Array.from(accounts.values(), (used) => ({ used, identity: identityOf(used) }));
      const checkIn = async (inTarget: InTarget) => {
        const { account } = inTarget.target;
        const used = accounts.get(account);
        if (used === undefined) {
          throw new Error(`internal error: account ${account} has a target but is not in use`);
        }
        return (await identityOf(used)).fatal ? [] : checkTarget(used, inTarget, handler, options);
      };
      const atOnce = pLimit(PARALLEL);
      const findings = targetsOf(loaded).map((inTarget) => atOnce(checkIn, inTarget));
      const report = new FindingsReport({ verbose, stdout, stderr });
      for (const { used, identity } of checkedAccounts) {
        const { failed, text } = await identity;
        report.add({ kind: failed ? 'error' : 'ok', where: used.account.name, what: text, topic: 'identity' });
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

interface IdentityResult {
  readonly failed: boolean;
  readonly text: string;
  /** All calls with these credentials would fail. */
  readonly fatal: boolean;
}

/** Returns a function that gets the caller identity, once for all accounts with the same credentials. */
function identities(): (used: UsedAccount) => Promise<IdentityResult> {
  const atOnce = pLimit(PARALLEL);
  const results = new Map<Credentials, Promise<IdentityResult>>();
  return (used) => {
    const result = results.get(used.credentials) ?? atOnce(identify, used);
    results.set(used.credentials, result);
    return result;
  };
}

async function identify({ credentials, sts }: UsedAccount): Promise<IdentityResult> {
  try {
    const { arn, awsAccountId, provider } = await callerIdentity({ credentials, sts }, new AbortController().signal);
    const from = provider === undefined ? '' : `, credentials from ${provider}`;
    return { failed: false, text: `${arn} in AWS account ${awsAccountId}${from}`, fatal: false };
  } catch (thrown) {
    const failure = toApiError('GetCallerIdentity', thrown);
    return { failed: true, text: explainFailure(failure), fatal: failure.error === 'CredentialsError' };
  }
}

type AccountAndRegion = Pick<RegisteredQuery, 'account' | 'region'>;

interface InTarget {
  readonly target: AccountAndRegion;
  readonly queries: RegisteredQuery[];
  readonly followers: Follower[];
}

/** Returns the targets of queries, followers, and metrics from CloudWatch. */
function targetsOf({ queries, followers, metricTargets }: OnlineCheckOptions['loaded']): readonly InTarget[] {
  const targets = new Map<string, InTarget>();
  const inTarget = (target: AccountAndRegion): InTarget => {
    const key = `${target.account} ${target.region}`;
    const known = targets.get(key) ?? { target, queries: [], followers: [] };
    targets.set(key, known);
    return known;
  };
  for (const query of queries) {
    inTarget(query).queries.push(query);
  }
  for (const follower of followers) {
    inTarget(follower.target).followers.push(follower);
  }
  for (const target of metricTargets) {
    inTarget(target);
  }
  return [...targets.values()];
}

async function checkTarget(
  { account, credentials }: UsedAccount,
  { target: { region }, queries, followers }: InTarget,
  handler: BoundedHandler,
  { version, clock, loaded, verbose }: OnlineCheckOptions,
): Promise<readonly Finding[]> {
  const common = { clock, handler, credentials, observer: UNOBSERVED, maxAttempts: MAX_ATTEMPTS, version };
  const client = new TargetClient({
    ...common,
    target: new Targets(clock).add(account.name, region, account),
    endpoint: account.endpoint?.replaceAll('{region}', region),
  });
  const cloudwatch = account.regions.includes(region) ? account.cloudwatch : undefined;
  const findings = new TargetFindings(`${account.name} ${region}`);
  const found: { -readonly [Key in keyof Listed]: Listed[Key] } = {};
  const selectors = [...followers.map(({ selector }) => selector), ...(cloudwatch ? [cloudwatch.monitors] : [])];
  await findings.runAll(loaded.config.discovery.monitorsEvery > 0 ? listingChecks(client, selectors, found) : []);
  const selected = select(followers, found);
  for (const each of selected) {
    findings.addSelected(each, verbose);
  }
  const watched = queries.filter((query) => query.kind === 'watched');
  const scheduled = queries.filter((query) => query.kind === 'scheduled');
  await findings.runAll([
    ...subjectChecks(client, queries),
    ...watched.slice(0, MOST_WATCHED).map((query) => watchedCheck(client, query)),
    ...scheduledChecks(client, [...scheduled, ...selected.flatMap(examplesOf)]),
  ]);
  // The last check, because CloudWatch has an endpoint of its own: a failure to reach it shows nothing about the others.
  if (cloudwatch !== undefined) {
    const { requestsPerSecond, endpoint } = cloudwatch;
    const metrics = new CloudwatchClient({
      ...common,
      target: new Targets(clock).add(account.name, region, { requestsPerSecond, maxConcurrentRequests: 1 }),
      endpoint: endpoint?.replaceAll('{region}', region),
      onBilled: () => undefined,
    });
    await findings.runAll([metricCheck(metrics, cloudwatch, found.monitors ?? [], clock.now())]);
  }
  return findings.end(watched.length - MOST_WATCHED);
}

/** Runs the checks of one target, and collects their findings. */
class TargetFindings {
  readonly #where: string;
  readonly #findings: Finding[] = [];
  #isFatal = false;
  #skipped = 0;

  constructor(where: string) {
    this.#where = where;
  }

  /** Runs checks in order, and skips the rest after a fatal error. */
  async runAll(checks: readonly Check[]): Promise<void> {
    for (const { about, run, excuse } of checks) {
      if (this.#isFatal) {
        this.#skipped += 1;
        continue;
      }
      try {
        const result = await run();
        const isWarning = typeof result !== 'string';
        this.#add(isWarning ? 'warning' : 'ok', `${about}: ${isWarning ? result.warning : result}`);
      } catch (thrown) {
        if (!(thrown instanceof ApiError)) {
          throw thrown;
        }
        const excused = excuse?.(thrown.error);
        this.#add(excused === undefined ? 'error' : 'ok', `${about}: ${excused ?? explainFailure(thrown)}`);
        this.#isFatal = FATAL_ERRORS.has(thrown.error);
      }
    }
  }

  /** Adds the matches of a selector, if they are known. */
  addSelected(selected: Selected, verbose: boolean): void {
    if (selected.subjects !== undefined) {
      const isEmpty = selected.subjects.length === 0;
      const what = `selector ${nameSelector(selected.follower)}: ${describeSelected(selected, verbose)}`;
      this.#add(isEmpty ? 'warning' : 'ok', isEmpty ? `${what}: ${adviseOnNothing(selected)}` : what, 'selector');
    }
  }

  /** @param unchecked number of watched queries without a check, because there are too many */
  end(unchecked: number): readonly Finding[] {
    if (this.#skipped > 0) {
      this.#add('error', `skipped ${counted(this.#skipped, 'remaining check')}`);
    } else if (unchecked > 0 && !this.#isFatal) {
      this.#add('ok', `skipped ${counted(unchecked, 'other watched query', 'other watched queries')}`);
    }
    return this.#findings;
  }

  #add(kind: Finding['kind'], what: string, topic: Finding['topic'] = 'other'): void {
    this.#findings.push({ kind, where: this.#where, what, topic });
  }
}
