import type { TargetChanges } from '../accounts/targets-in-use.ts';
import type { Context } from '../lib/context.ts';
import { isScheduled, isWatched, type Registration } from '../model/query.ts';
import type { LoadedConfig } from '../queries/load.ts';
import { Discovery } from '../registry/discovery.ts';
import { DiscoveryFiles } from '../registry/discovery-files.ts';
import { changeFields, hasChanges, type QueryChanges, sumOf } from '../registry/query-changes.ts';
import type { Participant } from '../registry/query-registry.ts';
import { QuerySources } from '../registry/query-sources.ts';
import { NO_STORE } from '../registry/registration.ts';
import { HttpRegistrations } from '../registry/registrations.ts';
import { Retention } from '../registry/retention.ts';
import type { ChangedField } from '../state/changed-fields.ts';
import type { Parts } from './parts.ts';
import { QueryViews } from './query-views.ts';

interface QueriesOptions {
  readonly context: Context;
  readonly configFile: string;
  readonly parts: Parts;
}

/** Another configuration, with what its discovery files make. */
interface ConfigPlan {
  /** Puts it in force. Resolves to what that has changed. */
  commit(): Promise<QueryChanges>;
}

/** Which queries are registered: all that lets them come and leave. */
export class Queries {
  readonly discovery: Discovery;
  readonly files: DiscoveryFiles;
  readonly registrations: HttpRegistrations;
  readonly views: QueryViews;
  readonly #parts: Parts;
  readonly #sources: QuerySources;
  readonly #retention: Retention;

  /** Registers the queries of the configuration. */
  constructor({ context, configFile, parts }: QueriesOptions) {
    const { clock, log, shutdown } = context;
    const { inForce, state, targetsInUse, scheduling, page, stored } = parts;
    this.#parts = parts;
    this.views = new QueryViews(clock, state, scheduling);
    state.registry.join(participantsOf(parts));
    this.discovery = new Discovery({
      every: inForce.loaded.config.discovery.monitorsEvery,
      clock,
      log,
      credentialFailures: state.failures.credentials,
      dispatcher: scheduling.dispatcher,
      apiStats: state.api,
      view: page.inventory,
      clientOf: (target) => targetsInUse.clientOf(target),
    });
    const sources = new QuerySources({
      inForce,
      registry: state.registry,
      targetsInUse,
      discovery: this.discovery,
      log,
      onTargets: (targets) => this.#targetsChanged(targets),
      shutdown,
    });
    this.#sources = sources;
    this.files = new DiscoveryFiles({
      configFile,
      clock,
      log,
      prepare: (made) => sources.prepare(inForce.loaded, made),
      onChange(made) {
        const changes = sources.setFiles(made);
        if (hasChanges(changes)) {
          log.info('queries updated from discovery files', changeFields(changes));
        }
      },
    });
    this.registrations = new HttpRegistrations({
      queries: sources,
      context: () => inForce.loaded.context,
      view: (name) => this.views.get(name),
      store: stored?.registrations ?? NO_STORE,
      log,
    });
    this.#retention = new Retention({
      clock,
      log,
      retention: () => inForce.loaded.config.http.retention,
      remove: (name) => this.registrations.expire(name),
    });
    state.queries.changed.on((registration, fields) => this.#followEnd(registration, fields));
    shutdown.addEventListener('abort', () => this.#retention.stop(), { once: true });
  }

  /** Registers all queries there are at the start. Nothing is asked for them before {@link begin}. */
  async load(): Promise<void> {
    const plan = await this.files.plan(this.#parts.inForce.loaded);
    this.#sources.setFiles(plan.made);
    plan.commit();
    await this.registrations.load();
  }

  /** Polls and runs them, and whatever comes from now on. */
  begin(): void {
    this.#parts.state.queries.started();
    this.#sources.begin();
  }

  /** Reads what another configuration needs; until it is committed nothing changes. */
  async plan(next: LoadedConfig): Promise<ConfigPlan> {
    const files = await this.files.plan(next);
    await this.#sources.prepare(next, files.made);
    return {
      commit: async () => {
        this.discovery.setEvery(next.config.discovery.monitorsEvery);
        const changes = this.#sources.setConfig(next, files.made);
        files.commit();
        this.#retention.reconsider();
        return sumOf(changes, await this.registrations.readAnew());
      },
    };
  }

  /** Discovery files are read and watched no more. From the shutdown on, no query comes or leaves any more. */
  async stop(): Promise<void> {
    await this.files.stop();
  }

  #followEnd(registration: Registration, fields: readonly ChangedField[]): void {
    const state = this.#parts.state.queries.get(registration);
    if (state === undefined) {
      this.#retention.forget(registration);
    } else if (fields.includes('status') || fields.includes('query')) {
      this.#retention.changed(state);
    }
  }

  #targetsChanged({ come, gone }: TargetChanges): void {
    const { state, targetsInUse, identities, scheduling, page } = this.#parts;
    for (const target of gone) {
      this.discovery.remove(target);
      scheduling.runs.forget(target);
      scheduling.dispatcher.forget(target);
      page.api.remove(target);
    }
    for (const target of come) {
      page.api.add(state.api.of(target));
      this.discovery.add(target);
    }
    scheduling.runs.limitsChanged();
    identities.learn(targetsInUse.accounts().values());
  }
}

/** All that is called when a query is registered or removed. What shows or stores its state follows the state's changes. */
function participantsOf({ targetsInUse, state, scheduling, stored }: Parts): readonly Participant[] {
  const { polls, runs } = scheduling;
  const known: Participant = {
    add(registration) {
      targetsInUse.place(registration);
      if (isScheduled(registration)) {
        state.runs.register(registration);
      }
      state.queries.register(registration);
      stored?.restore(registration);
    },
    change: (registration) => state.queries.change(registration),
    remove(registration) {
      state.failures.forget(registration.query);
      state.queries.remove(registration);
    },
  };
  const called: Participant = {
    begin(registrations) {
      polls.add(registrations.filter(isWatched), (registration) => state.queries.isTerminal(registration));
      for (const registration of registrations.filter(isScheduled)) {
        runs.add(registration, stored?.resume(registration));
      }
    },
    change(registration) {
      if (isWatched(registration)) {
        polls.change(registration);
      } else if (isScheduled(registration)) {
        runs.change(registration);
      }
    },
    remove(registration) {
      if (isWatched(registration)) {
        polls.remove(registration);
      } else if (isScheduled(registration)) {
        runs.remove(registration);
      }
    },
  };
  return [known, called];
}
