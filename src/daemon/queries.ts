import type { Identities } from '../accounts/identities.ts';
import type { TargetChanges, TargetsInUse } from '../accounts/targets-in-use.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { Memory } from '../persistence/memory.ts';
import type { LoadedConfig } from '../queries/load.ts';
import type { ConfigInForce } from '../registry/config-in-force.ts';
import { Discovery } from '../registry/discovery.ts';
import { DiscoveryFiles } from '../registry/discovery-files.ts';
import { changeFields, hasChanges, type QueryChanges, sumOf } from '../registry/query-changes.ts';
import { QueryRegistry } from '../registry/query-registry.ts';
import { QuerySources } from '../registry/query-sources.ts';
import type { QueryView } from '../registry/query-view.ts';
import { NO_STORE } from '../registry/registration-store.ts';
import { HttpRegistrations } from '../registry/registrations.ts';
import { Retention } from '../registry/retention.ts';
import type { ExporterState } from './exporter-state.ts';
import type { MetricsPage } from './metrics-page.ts';
import { participantsOf } from './participants.ts';
import type { Scheduling } from './scheduling.ts';

export interface QueriesOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly configFile: string;
  readonly inForce: ConfigInForce;
  readonly state: ExporterState;
  readonly targetsInUse: TargetsInUse;
  readonly identities: Identities;
  readonly scheduling: Scheduling;
  readonly page: MetricsPage;
  /** Undefined where nothing outlives the process. */
  readonly memory: Memory | undefined;
  readonly view: (name: string) => QueryView | undefined;
  /** From its abort on no query comes or leaves any more. */
  readonly shutdown: AbortSignal;
}

/** Another configuration, with what its discovery files make. */
export interface ConfigPlan {
  /** Puts it in force. Resolves to what that has changed. */
  commit(): Promise<QueryChanges>;
}

/** Which queries are registered: all that lets them come and leave. */
export class Queries {
  readonly registry: QueryRegistry;
  readonly discovery: Discovery;
  readonly files: DiscoveryFiles;
  readonly registrations: HttpRegistrations;
  readonly #options: QueriesOptions;
  readonly #sources: QuerySources;
  readonly #retention: Retention;

  /** Registers the queries of the configuration. */
  private constructor(options: QueriesOptions) {
    const { clock, log, inForce, state, targetsInUse, scheduling, page, memory, shutdown } = options;
    this.#options = options;
    this.registry = new QueryRegistry(participantsOf(options));
    this.discovery = new Discovery({
      every: inForce.config.discovery.monitorsEvery,
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
      registry: this.registry,
      targetsInUse,
      discovery: this.discovery,
      log,
      onTargets: (targets) => this.#targetsChanged(targets),
      shutdown,
    });
    this.#sources = sources;
    this.files = new DiscoveryFiles({
      configFile: options.configFile,
      clock,
      log,
      prepare: (made) => sources.prepare(options.inForce.loaded, made),
      onChange(made) {
        const changes = sources.setFiles(made);
        if (hasChanges(changes)) {
          log.info('queries follow discovery files', changeFields(changes));
        }
      },
    });
    this.registrations = new HttpRegistrations({
      queries: sources,
      context: () => inForce.loaded.context,
      view: options.view,
      store: memory?.registrations ?? NO_STORE,
      log,
    });
    this.#retention = new Retention({
      clock,
      log,
      retention: () => inForce.config.http.retention,
      state: (name) => state.queries.get(name),
      remove: (name) => this.registrations.expire(name),
    });
    state.queries.onChange((query) => this.#retention.changed(query));
  }

  /** Registers all queries there are at the start. Nothing is asked for them before {@link begin}. */
  static async load(options: QueriesOptions): Promise<Queries> {
    const queries = new Queries(options);
    const plan = await queries.files.plan(options.inForce.loaded);
    queries.#sources.setFiles(plan.made);
    plan.commit();
    await queries.registrations.load();
    return queries;
  }

  /** Polls and runs them, and whatever comes from now on. */
  begin(): void {
    this.#options.state.queries.started();
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
        this.#retention.reconsider(this.#options.state.queries.all());
        return sumOf(changes, await this.registrations.readAnew());
      },
    };
  }

  /** None comes or leaves any more. */
  async stop(): Promise<void> {
    this.#retention.stop();
    await this.files.stop();
  }

  #targetsChanged({ come, gone }: TargetChanges): void {
    const { state, targetsInUse, identities, scheduling, page } = this.#options;
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
    scheduling.runs.capsChanged();
    identities.learn(targetsInUse.accounts().values());
  }
}
