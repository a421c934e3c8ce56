import type { RegistrationStore } from '../registry/registration.ts';
import { endedStatuses } from './ended-statuses.ts';
import { hasLead } from './leadership.ts';
import { ReplicaPeriods } from './replica-periods.ts';
import { replicaRegistrations } from './replica-registrations.ts';
import { RunFence } from './run-fence.ts';
import { type FenceGroup, type RunFenceOptions, RunRegisters } from './run-registers.ts';
import type { SharedRegisters } from './values.ts';

export type SharedStateOptions = SharedRegisters &
  Pick<RunFenceOptions, 'clock' | 'questionOf' | 'patience'> & { readonly fence: FenceGroup };

/** What the members of a group share beside the lead, in registers. */
export class SharedState {
  readonly runs: RunFence;
  readonly registrations: RegistrationStore;
  /** Terminal statuses of watched queries. */
  readonly ended: ReturnType<typeof endedStatuses>;
  /** Counted periods of monitor metrics. */
  readonly periods: ReplicaPeriods;

  constructor(options: SharedStateOptions) {
    const { fence } = options;
    const registers = new RunRegisters({ ...options, lost: fence.lost });
    this.runs = new RunFence({ ...options, registers, group: fence });
    this.registrations = replicaRegistrations({ ...options, leads: () => hasLead(options) });
    this.ended = endedStatuses(options);
    this.periods = new ReplicaPeriods(options);
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
