import { defaulted, duration, listOf, objectOf, oneOf, optional, type Reader, required, type Shape } from './fields.ts';
import { matcherOf } from './glob.ts';
import { glob } from './vocabulary.ts';

const BASE = {
  /** Selects monitors: each pattern must match. All monitors by default. */
  match: defaulted(objectOf({ account: glob, region: glob, monitorName: glob }), {}),
  /** Start and end in milliseconds after the start of the simulator. The default is always. */
  from: optional(duration),
  until: optional(duration),
};

/** AWS's network is degraded: the health indicator shows it, and all flows lose packets alike. */
const AWS_NETWORK = { ...BASE, kind: required(oneOf('awsNetwork')) };

/** A network incident. */
export type Incident = Shape<typeof AWS_NETWORK>;

export const readIncidents: Reader<readonly Incident[]> = listOf(objectOf(AWS_NETWORK));

export interface MonitorPlace {
  account: string;
  region: string;
  monitorName: string;
}

/** Returns the incidents of a monitor. */
export function incidentsOf(
  incidents: readonly Incident[],
  { account, region, monitorName }: MonitorPlace,
): readonly Incident[] {
  return incidents.filter(({ match }) => matcherOf(match)({ account, region, monitorName }));
}

/** Returns whether an incident or fault is active at `elapsed` milliseconds after the start of the simulator. */
export function isActive(
  { from = -Infinity, until = Infinity }: { from?: number; until?: number },
  elapsed: number,
): boolean {
  return elapsed >= from && elapsed < until;
}
