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
import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted, NAMES_SHOWN, printable } from '../../lib/text.ts';
import type { RegisteredQuery } from '../../model/query.ts';
import type { Follower } from '../../queries/following.ts';
import type { LoadedWithFiles } from '../../registry/load-with-files.ts';
import { Targets } from '../../scheduler/target.ts';
import { explainFailure } from '../error-advice.ts';
import { type CheckConfigOptions, nameSelector } from './check-config.ts';
import {
  adviseOnNothing,
  describeSelected,
  examplesOf,
  type Listed,
  NEVER_ABORTED,
  type Selected,
  select,
} from './online-selectors.ts';
import {
  type Check,
  FATAL_ERRORS,
  listingChecks,
  metricCheck,
  scheduledChecks,
  subjectChecks,
  watchedCheck,
} from './target-checks.ts';

export interface OnlineCheckOptions extends Pick<CheckConfigOptions, 'strict' | 'stdout' | 'stderr'> {
  readonly loaded: Pick<LoadedWithFiles, 'config' | 'queries' | 'followers' | 'metricTargets'>;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly verbose: boolean;
}

/** Identities or targets that are checked at a time, with one request each. */
const PARALLEL = 4;
const MAX_ATTEMPTS = 2;
/** Most watched queries to check per target: a problem with one usually applies to all. */
const MOST_WATCHED = 20;

/**
 * Checks the prerequisites of a config file's queries with calls to AWS: the identity in each account, the existence of
 * monitors and scopes, and permissions. Starts and changes nothing. Returns true if all checks succeed.
 */
export async function checkOnline(options: OnlineCheckOptions): Promise<boolean> {
  const { loaded, env, clock, strict, verbose, stderr } = options;
  const { config } = loaded;
  try {
    const network = createNetwork({ env, clock });
    try {
      const handler = new BoundedHandler({ network, clock, timeout: config.aws.requestTimeout });
      const targets = targetsOf(loaded);
      const accounts = new UsedAccounts(handler, clock).use(config, targets);
      const identityOf = identities();
      const identified = Array.from(accounts.values(), (used) => ({ used, identity: identityOf(used) }));
      const atOnce = pLimit(PARALLEL);
      const checked = targets.map((target) =>
        atOnce(async () => {
          const used = accounts.get(target.account);
          if (used === undefined) {
            throw new Error(`internal error: account ${target.account} has a target but is not in use`);
          }
          return (await identityOf(used)).fatal ? [] : checkTarget(used, target, handler, options);
        }),
      );
      const findings: Finding[] = [];
      const add = (finding: Finding) => {
        findings.push(finding);
        if (verbose) {
          writeFindings([finding], options);
        }
      };
      for (const { used, identity } of identified) {
        const { kind, text } = await identity;
        add({ kind, where: used.account.name, what: text, topic: 'identity' });
      }
      for (const some of checked) {
        (await some).forEach(add);
      }
      if (!verbose) {
        summarizeFindings(findings, options);
      }
      return findings.every(({ kind }) => kind === 'ok' || (kind === 'warning' && !strict));
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
  readonly kind: Finding['kind'];
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
    const { arn, awsAccountId, provider } = await callerIdentity({ credentials, sts }, NEVER_ABORTED);
    const from = provider === undefined ? '' : `, credentials from ${provider}`;
    return { kind: 'ok', text: `${arn} in AWS account ${awsAccountId}${from}`, fatal: false };
  } catch (thrown) {
    const failure = toApiError('GetCallerIdentity', thrown);
    return { kind: 'error', text: explainFailure(failure), fatal: failure.error === 'CredentialsError' };
  }
}

interface Target extends Pick<RegisteredQuery, 'account' | 'region'> {
  readonly queries: readonly RegisteredQuery[];
  readonly followers: readonly Follower[];
}

/** Returns the targets of queries, followers, and metrics from CloudWatch. */
function targetsOf({ queries, followers, metricTargets }: OnlineCheckOptions['loaded']): readonly Target[] {
  const keyOf = ({ account, region }: Pick<Target, 'account' | 'region'>) => `${account} ${region}`;
  const queriesIn = groupBy(queries, keyOf);
  const followersIn = groupBy(followers, ({ target }) => keyOf(target));
  const all = groupBy([...queries, ...followers.map(({ target }) => target), ...metricTargets], keyOf);
  return Array.from(all, ([key, [{ account, region }]]) => ({
    account,
    region,
    queries: queriesIn.get(key) ?? [],
    followers: followersIn.get(key) ?? [],
  }));
}

async function checkTarget(
  { account, credentials }: UsedAccount,
  { region, queries, followers }: Target,
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
  const found: Listed = {};
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

interface Finding {
  /** `warning`: valid but probably unintended. */
  readonly kind: 'ok' | 'warning' | 'error';
  /** The account, or account and region. */
  readonly where: string;
  /** The check, its result, and advice. */
  readonly what: string;
  /** A summary contains only the first successful findings of each topic. */
  readonly topic: 'identity' | 'selector' | 'other';
}

/** Writes findings that differ only in their place in one line. */
function writeFindings(
  alike: readonly [Finding, ...Finding[]],
  { stdout, stderr }: Pick<OnlineCheckOptions, 'stdout' | 'stderr'>,
): void {
  const [{ kind, what }] = alike;
  const places = alike.map(({ where }) => where);
  const mark = kind === 'warning' ? 'warning: ' : '';
  (kind === 'error' ? stderr : stdout).write(`${printable(`${abbreviate(places)}: ${mark}${what}`)}\n`);
}

/** Writes a summary of findings, in which equal ones share a line. */
function summarizeFindings(findings: readonly Finding[], streams: Pick<OnlineCheckOptions, 'stdout' | 'stderr'>): void {
  const shown = { identity: 0, selector: 0, other: 0 };
  let hidden = 0;
  for (const alike of groupBy(findings, ({ kind, what }) => `${kind} ${what}`).values()) {
    const [{ kind, topic }] = alike;
    shown[topic] += kind === 'ok' ? 1 : 0;
    if (kind === 'ok' && shown[topic] > 2 * NAMES_SHOWN) {
      hidden += 1;
    } else {
      writeFindings(alike, streams);
    }
  }
  if (hidden > 0) {
    streams.stdout.write(`… and ${counted(hidden, 'more successful check')} (--verbose shows all)\n`);
  }
}
