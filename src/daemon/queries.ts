import type { TargetChanges } from '../accounts/targets-in-use.ts';
import type { Context } from '../lib/context.ts';
import type { Registration } from '../model/query.ts';
import { cloudwatchOf } from '../queries/cloudwatch-targets.ts';
import type { LoadedConfig } from '../queries/load.ts';
import { Discovery } from '../registry/discovery.ts';
import { DiscoveryFiles } from '../registry/discovery-files.ts';
import { changeFields, hasChanges, type QueryChanges, sumOf } from '../registry/query-changes.ts';
import { QuerySources } from '../registry/query-sources.ts';
import { NO_STORE } from '../registry/registration.ts';
import { HttpRegistrations } from '../registry/registrations.ts';
import { Retention } from '../registry/retention.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import { participantOf } from './participants.ts';
import type { Parts } from './parts.ts';
import { queryViews } from './query-views.ts';

/** Registration and removal of queries, from all sources. */
export class Queries {
  readonly discovery: Discovery;
  readonly files: DiscoveryFiles;
  readonly registrations: HttpRegistrations;
  readonly views: ReturnType<typeof queryViews>;
  readonly #parts: Parts;
  readonly #sources: QuerySources;
  readonly #retention: Retention;

  /** Registers the queries of the configuration. */
  constructor(context: Context, configFile: string, parts: Parts) {
    const { clock, log, shutdown } = context;
    const { inForce, state, targetsInUse, scheduling, page, stored, shard, isOwn } = parts;
    this.#parts = parts;
    this.views = queryViews(clock, state, scheduling);
    state.registry.join(participantOf(parts));
    this.discovery = new Discovery({
      every: inForce.loaded.config.discovery.monitorsEvery,
      clock,
      log,
      credentialFailures: state.failures.credentials,
      dispatcher: scheduling.dispatcher,
      apiStats: state.api,
      view: page.inventory,
      clientOf: (target) => targetsInUse.clientOf(target),
      otherSelector: ({ account }) => cloudwatchOf(account, inForce.loaded.config)?.monitors,
    });
    this.discovery.listed.on((target) => parts.metricReads.select(target, this.discovery));
    const sources = new QuerySources({
      inForce,
      registry: state.registry,
      targetsInUse,
      discovery: this.discovery,
      log,
      isOwn,
      onTargetsChanged: (targets) => this.#targetsChanged(targets),
      shutdown,
    });
    this.#sources = sources;
    this.files = new DiscoveryFiles({
      configFile,
      clock,
      log,
      prepare: (files) => sources.prepare(inForce.loaded, files),
      onChange(files) {
        const changes = sources.setFiles(files);
        if (hasChanges(changes)) {
          log.info('queries updated from discovery files', changeFields(changes));
        }
      },
    });
    this.registrations = new HttpRegistrations({
      queries: sources,
      context: () => inForce.loaded.context,
      view: (name) => this.views.get(name),
      store: parts.replica?.shared.registrations ?? stored?.registrations ?? NO_STORE,
      shard,
      log,
    });
    this.#retention = new Retention({
      clock,
      log,
      retention: () => inForce.loaded.config.http.retention,
      remove: async (name) => !parts.isStandby() && (await this.registrations.expire(name)),
    });
    state.queries.changed.on((registration, fields) => this.#updateRetention(registration, fields));
    shutdown.addEventListener('abort', () => this.#retention.stop(), { once: true });
  }

  /** Registers all queries at start. No calls are made for them before {@link begin}. */
  async load(): Promise<void> {
    const plan = await this.files.plan(this.#parts.inForce.loaded);
    this.#sources.setFiles(plan.sources);
    plan.commit();
    // A standby does not know the registrations: its leader does.
    if (this.#parts.replica === undefined) {
      await this.registrations.load();
    }
  }

  /** Starts polls and runs of these queries, and of all that are registered later. */
  begin(): void {
    this.#parts.state.queries.started();
    this.#sources.begin();
  }

  /**
   * Prepares a new configuration with the queries of its discovery files. Nothing changes until the returned function is called,
   * which resolves to the changes.
   */
  async plan(next: LoadedConfig): Promise<() => Promise<QueryChanges>> {
    const files = await this.files.plan(next);
    await this.#sources.prepare(next, files.sources);
    return async () => {
      this.discovery.setEvery(next.config.discovery.monitorsEvery);
      const changes = this.#sources.setConfig(next, files.sources);
      files.commit();
      this.#retention.reconsider();
      return sumOf(changes, await this.registrations.reload());
    };
  }

  #updateRetention(registration: Registration, fields: readonly ChangedField[]): void {
    const state = this.#parts.state.queries.get(registration);
    if (state === undefined) {
      this.#retention.forget(registration);
    } else if (fields.includes('status') || fields.includes('query')) {
      this.#retention.changed(state);
    }
  }

  #targetsChanged({ added, removed }: TargetChanges): void {
    const { state, targetsInUse, identities, scheduling, page, metricReads } = this.#parts;
    for (const target of removed) {
      this.discovery.remove(target);
      scheduling.runs.forget(target);
      scheduling.dispatcher.forget(target);
      page.api.remove(target);
      metricReads.remove(target);
    }
    for (const target of added) {
      page.api.add(state.api.of(target));
      this.discovery.add(target);
    }
    scheduling.runs.limitsChanged();
    metricReads.update(this.discovery);
    identities.learn(targetsInUse.accounts().values());
  }
}
