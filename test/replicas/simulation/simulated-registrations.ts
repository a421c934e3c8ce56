import { SILENT_LOG } from '../../../src/lib/log.ts';
import { WHOLE } from '../../../src/model/shard.ts';
import { loadConfig } from '../../../src/queries/load.ts';
import { NO_CHANGES } from '../../../src/registry/query-changes.ts';
import type { RegistrationStore } from '../../../src/registry/registration.ts';
import { HttpRegistrations } from '../../../src/registry/registrations.ts';
import { EngineRegisters } from '../../../src/replicas/engine-registers.ts';
import type { ReplicaMember } from '../../../src/replicas/member.ts';
import { type RegisterEngine, RegisterError } from '../../../src/replicas/registers.ts';
import { replicaRegistrations } from '../../../src/replicas/replica-registrations.ts';
import { queryView } from '../../http/fixtures.ts';
import type { SimulatedPart } from './simulated-member.ts';
import type { Machine, Random, World } from './world.ts';

/** The id of a registered query; undefined if none is registered. */
type Registered = string | undefined;

/** A request of a client, or a removal after the retention. */
interface Operation {
  /** What is registered if it takes effect. */
  readonly value: Registered;
  readonly sentAt: number;
  /** Time of a response that confirms it. It may take effect at any time without one. */
  confirmedAt: number | undefined;
}

/** A member's registrations, as its HTTP API changes them. */
interface Member {
  readonly member: ReplicaMember;
  readonly machine: Machine;
  readonly registrations: HttpRegistrations;
  readonly view: ReadonlyMap<string, string>;
  /** Time at which it has read the registrations. Undefined before that. */
  loadedAt: number | undefined;
}

const NAMES = ['x', 'y', 'z'];
const RETRY_MS = 5_000;
const { context } = await loadConfig('{}', { file: 'none.json', env: {}, fallbackRegion: async () => 'us-east-1' });

/** Clients that register and remove queries with the members that believe to lead, and what they may expect. */
export class SimulatedRegistrations {
  readonly #world: World;
  readonly #random: Random;
  readonly #members: Member[] = [];
  readonly #operations = new Map<string, Operation[]>();
  /** Contents of the registers, in the order of writes. */
  readonly #written = new Map<string, Registered[]>();
  readonly #violations: string[] = [];
  #restoredAt = 0;
  #ids = 0;
  confirmed = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.restored();
  }

  /**
   * Adds a process.
   *
   * @param wrongStore an engine of which its registrations do not find out whether it leads, for tests that must notice
   */
  join(member: ReplicaMember, machine: Machine, wrongStore: RegisterEngine | undefined): SimulatedPart {
    const view = new Map<string, string>();
    const registrations = new HttpRegistrations({
      queries: {
        holderOf: (name) => (view.has(name) ? 'http' : undefined),
        setHttp(changes) {
          for (const [name, query] of changes) {
            view.delete(name);
            if (query !== undefined && 'queryId' in query) {
              view.set(name, query.queryId);
            }
          }
          return NO_CHANGES;
        },
      },
      context: () => context,
      view: () => queryView(),
      store: wrongStore === undefined ? member.shared.registrations : unconfirmed(wrongStore, member, machine),
      shard: WHOLE,
      log: SILENT_LOG,
    });
    const joined: Member = { member, machine, registrations, view, loadedAt: undefined };
    this.#members.push(joined);
    return { lead: () => void this.#load(joined) };
  }

  /** Sends a request to a process that believes to lead. */
  act(): void {
    const random = this.#random;
    const leaders = this.#members.filter(({ machine, member }) => !machine.isDead && member.isLeader);
    if (leaders.length === 0) {
      return;
    }
    const to = random.one(leaders);
    const name = random.one(NAMES);
    const kind = random.one(['put', 'put', 'put', 'remove', 'expire']);
    to.machine.deliver(() => {
      if (kind === 'put') {
        this.#ids += 1;
        const queryId = `query-${this.#ids}`;
        const operation = this.#send(name, queryId);
        const body = { monitorName: 'checkout', queryId };
        void to.registrations.put(name, body, {}).then(({ outcome }) => {
          this.#replied(operation, outcome === 'created' || outcome === 'replaced' || outcome === 'unchanged');
        });
      } else if (kind === 'remove') {
        const operation = this.#send(name, undefined);
        void to.registrations.remove(name, {}).then(({ outcome }) => {
          this.#replied(operation, outcome === 'removed' || outcome === 'unknown');
        });
      } else {
        this.#expire(to, name);
      }
    });
  }

  /** Notes the content of a register after a write. */
  written(name: string, value: string): void {
    const { definition } = JSON.parse(value);
    const { queryId }: { readonly queryId?: string } = definition ?? {};
    const before = this.#written.get(name) ?? [];
    if (queryId !== undefined && before.includes(queryId)) {
      this.#violations.push(`${name}: ${queryId} took effect twice`);
    }
    this.#written.set(name, [...before, queryId]);
  }

  /** Notes that registers have returned to an earlier state: earlier operations may be in effect or not. */
  restored(): void {
    this.#restoredAt = this.#world.now;
    this.#written.clear();
    for (const name of NAMES) {
      const earlier = (this.#operations.get(name) ?? []).map((each) => ({ ...each, confirmedAt: undefined }));
      const nothing = { value: undefined, sentAt: 0, confirmedAt: this.#world.now === 0 ? 0 : undefined };
      this.#operations.set(name, [nothing, ...earlier]);
    }
  }

  /** @param stored what the registers contain */
  violations(stored: (name: string) => string | undefined): readonly string[] {
    for (const { member, machine, view, loadedAt = 0 } of this.#members) {
      for (const name of !machine.isDead && member.isLeader ? NAMES : []) {
        const { definition } = JSON.parse(stored(name) ?? '{}');
        const { queryId }: { readonly queryId?: string } = definition ?? {};
        this.#check(name, queryId, this.#world.now, 'stored');
        // A change that was not confirmed may have taken effect after the leader has read it.
        const isConfirmed = (this.#operations.get(name) ?? []).every(
          ({ value, confirmedAt }) => value !== queryId || confirmedAt !== undefined,
        );
        if (isConfirmed && loadedAt > this.#restoredAt && view.get(name) !== queryId) {
          this.#violations.push(`${name}: the leader has ${view.get(name)}, the register has ${queryId}`);
        }
      }
    }
    return this.#violations;
  }

  async #load(joined: Member): Promise<void> {
    const { member, machine, registrations } = joined;
    while (member.isLeader) {
      const startedAt = this.#world.now;
      try {
        await registrations.load();
        joined.loadedAt = startedAt;
        return;
      } catch (error) {
        if (!(error instanceof RegisterError)) {
          throw error;
        }
        await new Promise<void>((resolve) => machine.setTimer(RETRY_MS, resolve));
      }
    }
  }

  /** Removes what a process has registered after its retention: nothing else, even if another one has replaced it. */
  #expire({ registrations, view }: Member, name: string): void {
    const expected = view.get(name);
    if (expected === undefined) {
      return;
    }
    const sentAt = this.#world.now;
    const restoredAt = this.#restoredAt;
    const operation = this.#send(name, undefined);
    void registrations.expire(name).then((isRemoved) => {
      this.#replied(operation, isRemoved);
      if (isRemoved && restoredAt === this.#restoredAt) {
        this.#check(name, expected, sentAt, 'removed after its retention');
      }
    });
  }

  #send(name: string, value: Registered): Operation {
    const operation: Operation = { value, sentAt: this.#world.now, confirmedAt: undefined };
    this.#operations.get(name)?.push(operation);
    return operation;
  }

  #replied(operation: Operation, isConfirmed: boolean): void {
    if (isConfirmed && operation.sentAt >= this.#restoredAt) {
      operation.confirmedAt = this.#world.now;
      this.confirmed += 1;
    }
  }

  /** Adds a violation if a later confirmed operation must have replaced a value before a time. */
  #check(name: string, value: Registered, at: number, what: string): void {
    const all = this.#operations.get(name) ?? [];
    const confirmed = all.filter(
      ({ sentAt, confirmedAt = Number.POSITIVE_INFINITY }) => sentAt < at && confirmedAt < at,
    );
    const isPossible = all.some(
      ({ value: other, sentAt, confirmedAt = Number.POSITIVE_INFINITY }) =>
        other === value && sentAt <= at && !confirmed.some((later) => later.sentAt > confirmedAt),
    );
    if (!isPossible) {
      const last = confirmed.at(-1);
      this.#violations.push(`${name}: ${value} is ${what}, although ${last?.value} was confirmed later`);
    }
  }
}

/** Registrations that confirm changes although another process may lead. */
function unconfirmed(engine: RegisterEngine, { clock, boot }: ReplicaMember, machine: Machine): RegistrationStore {
  const ended = () => undefined;
  const registers = new EngineRegisters({ engine, clock: machine, boot: `${boot}-2`, timeout: 2_500, ended });
  return replicaRegistrations({
    registers,
    group: 'g',
    now: () => clock.now(),
    leads: async () => true,
    refused: () => undefined,
  });
}
