import type { RegistrationStore } from '../registry/registration.ts';
import { EndedStatuses } from './ended-statuses.ts';
import type { FenceGroup } from './fenced-runs.ts';
import { hasLead } from './leadership.ts';
import type { RegisterError, Registers } from './registers.ts';
import { ReplicaPeriods } from './replica-periods.ts';
import { ReplicaRegistrations } from './replica-registrations.ts';
import { RunFence, type RunFenceOptions } from './run-fence.ts';
import { RunRegisters } from './run-registers.ts';

export interface SharedStateOptions extends Pick<RunFenceOptions, 'clock' | 'log' | 'questionOf' | 'patience'> {
  readonly registers: Registers;
  /** Name of the group and shard. */
  readonly group: string;
  readonly fence: FenceGroup;
  /** Called with registers that cannot be read. */
  readonly refused: (error: RegisterError) => void;
}

/** What the members of a group share beside the lead, in registers. */
export class SharedState {
  readonly runs: RunFence;
  readonly registrations: RegistrationStore;
  /** Terminal statuses of watched queries. */
  readonly ended: EndedStatuses;
  /** Counted periods of monitor metrics. */
  readonly periods: ReplicaPeriods;

  constructor({ registers, group, fence, clock, log, questionOf, patience, refused }: SharedStateOptions) {
    const { boot, lost } = fence;
    const common = { registers, group, boot, now: () => clock.now(), log, refused };
    this.runs = new RunFence({
      clock,
      log,
      registers: new RunRegisters({ ...common, lost }),
      group: fence,
      questionOf,
      patience,
    });
    this.registrations = new ReplicaRegistrations({ ...common, leads: () => hasLead(registers, group, boot) });
    this.ended = new EndedStatuses(common);
    this.periods = new ReplicaPeriods({ ...common, clock });
  }

  /** Reads what a new leader needs, except the registrations. @throws RegisterError */
  async load(): Promise<void> {
    await this.runs.load();
    await this.ended.load();
    await this.periods.load();
  }

  /** Repeats failed writes. Called after each heartbeat. Never rejects. */
  async tick(): Promise<void> {
    await Promise.all([this.runs.tick(), this.periods.tick()]);
  }
}
