import type { Ledger } from './ledger.ts';
import type { WrongEngine } from './simulated-engine.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Faults happen for this long, in milliseconds; then everything is repaired. */
  readonly chaos?: number;
  readonly wrongEngine?: WrongEngine;
  /** As of the real protocol, in milliseconds. */
  readonly patience?: number;
  readonly usesOwnClock?: boolean;
  /** Registrations are confirmed by processes that do not lead anymore. */
  readonly confirmsWithoutLead?: boolean;
  readonly areLinesGood?: boolean;
  /** Kinds of faults; all if undefined. */
  readonly faults?: readonly Fault[];
  /** Receives what happens, to understand a violation. */
  readonly trace?: (line: string) => void;
}

export const FAULTS = [
  'kill',
  'stop',
  'pause',
  'cut engine',
  'cut service',
  'engine off',
  'restore',
  'refused port',
] as const;
type Fault = (typeof FAULTS)[number];

export interface SimulationResult {
  readonly ledger: Ledger;
  /** What must not happen. */
  readonly violations: readonly string[];
  readonly kills: number;
  readonly takeovers: number;
  /** Writes to registers of runs. */
  readonly runWrites: number;
  /** Confirmed registrations and removals. */
  readonly registrations: number;
}
