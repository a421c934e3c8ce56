import { defaulted, duration, type Kinds, kindsOf, listOf, objectOf, optional, scalar, text } from './fields.ts';
import { type FlowEnd, flowOf, WORKLOADS } from './flows.ts';
import { matcherOf } from './glob.ts';
import { HOSTS, type Instance, instanceOf, type Place, SUBNETS, subnetOf, vpcOf } from './network.ts';
import { Random } from './random.ts';
import { glob } from './vocabulary.ts';

const BASE = {
  /** Selects monitors: each pattern must match. All monitors by default. */
  match: defaulted(objectOf({ account: glob, region: glob, monitorName: glob }), {}),
  /** Start and end in milliseconds after the start of the simulator. The default is always. */
  from: optional(duration),
  until: optional(duration),
};

const KINDS = {
  /** AWS's network is degraded: the health indicator shows it, and all flows lose packets alike. */
  awsNetwork: {},
  /** One instance exceeds its network allowance, and its flows lose packets. Its agent counts them. */
  instance: {},
  /** Flows between two zones lose packets, in both directions. */
  zonePair: {
    /** Two zone IDs (for example, use1-az2); by default, those of one of the flows. */
    zones: optional(
      scalar('two zone IDs', (value) => {
        const [a, b, ...more]: unknown[] = Array.isArray(value) ? value : [];
        return typeof a === 'string' && typeof b === 'string' && more.length === 0 ? ([a, b] as const) : undefined;
      }),
    ),
  },
  /** Flows of one workload lose packets. */
  workload: {
    /** Namespace and service (for example, shop/cart); drawn from the seed by default. */
    workload: optional(text('NAMESPACE/SERVICE', /^[^/]+\/[^/]+$/)),
  },
  /** CloudWatch has no points of the monitor. The network is as usual. */
  metricsMissing: {},
};
/** A network incident, or the absence of the metrics that would show one. */
export type Incident = Kinds<typeof BASE, typeof KINDS>;

export const readIncidents = listOf(kindsOf(BASE, KINDS));

type Period = Pick<Incident, 'from' | 'until'>;

export interface MonitorPlace {
  account: string;
  region: string;
  monitorName: string;
}

export function incidentsOf(incidents: readonly Incident[], place: MonitorPlace): readonly Incident[] {
  return incidents.filter(({ match }) => matcherOf(match)(place));
}

/** Returns whether an incident or fault is active at `elapsed` milliseconds after the start of the simulator. */
export function isActive({ from = -Infinity, until = Infinity }: Period, elapsed: number): boolean {
  return elapsed >= from && elapsed < until;
}

/** Returns the share (0 to 1) of a window in which an incident is active. Times are in milliseconds after the start. */
export function activeShare({ from = -Infinity, until = Infinity }: Period, start: number, end: number): number {
  return Math.max(0, Math.min(end, until) - Math.max(start, from)) / (end - start);
}

/** An incident, and the share (above 0, up to 1) of a window or minute in which it is active. */
export interface ActiveIncident {
  incident: Incident;
  share: number;
}

/** Returns the incidents that are active in a window. Times are in milliseconds after the start of the simulator. */
export function activeIn(incidents: readonly Incident[], start: number, end: number): readonly ActiveIncident[] {
  return incidents
    .map((incident) => ({ incident, share: activeShare(incident, start, end) }))
    .filter(({ share }) => share > 0);
}

/** Index of a flow that every window has, whatever its shift. */
const LASTING_FLOW = 10;

/** The instance of a monitor whose allowance is exceeded in its incidents of the kind `instance`. */
export function instanceOfIncident(place: Place, monitorName: string): Instance {
  const random = incidentRandom(place, monitorName, 'instance');
  const subnet = subnetOf(place, vpcOf(place, 0), random.integer(0, SUBNETS - 1));
  return instanceOf(place, subnet, random.integer(0, HOSTS - 1));
}

/** Returns what an incident affects in a monitor: the instance's ID, the zones, or the workload (NAMESPACE/SERVICE). */
export function subjectsOf(incident: Incident, place: Place, monitorName: string): readonly string[] {
  switch (incident.kind) {
    case 'awsNetwork':
    case 'metricsMissing':
      return [];
    case 'instance':
      return [instanceOfIncident(place, monitorName).id];
    case 'zonePair': {
      const { local, remote } = flowOf(place, monitorName, 'INTER_AZ', LASTING_FLOW);
      return incident.zones ?? [local.az ?? '', remote.az ?? ''];
    }
    case 'workload':
      return [incident.workload ?? incidentRandom(place, monitorName, 'workload').pick(WORKLOADS).join('/')];
  }
}

function incidentRandom({ seed, account, region }: Place, monitorName: string, kind: Incident['kind']): Random {
  return new Random([seed, 'incident', account, region, monitorName, kind].join('/'));
}

/** Returns a test for the flows that an incident affects more than others; `undefined` if there are none. */
export function affectedFlows(
  incident: Incident,
  place: Place,
  monitorName: string,
): ((local: FlowEnd, remote: FlowEnd) => boolean) | undefined {
  const subjects = subjectsOf(incident, place, monitorName);
  switch (incident.kind) {
    case 'awsNetwork':
    case 'metricsMissing':
      return undefined;
    case 'instance':
      return (...ends) => ends.some(({ instance }) => subjects.includes(instance?.id ?? ''));
    case 'zonePair':
      return (local, remote) =>
        local.az !== remote.az && [local, remote].every(({ az }) => subjects.includes(az ?? ''));
    case 'workload':
      return (...ends) =>
        ends.some(({ kubernetes: of }) => of && subjects.includes(`${of.podNamespace}/${of.serviceName}`));
  }
}
