import type { Flow } from './flow.ts';

/** The flows of one pair of zones, workload, or instance. Values are in the base unit. */
export interface FlowGroup {
  readonly name: string;
  readonly value: number;
  readonly largest: number;
}

/** What can be the common cause of unusual flows. */
export type GroupKind = 'instance' | 'zones' | 'workload';

/** Flows by groups. A flow belongs to the groups of both of its ends. */
export interface FlowGroups extends Readonly<Record<GroupKind, readonly FlowGroup[]>> {
  readonly total: number;
}

/** Number of groups of each kind that are kept, those with the largest values: a cause has most of the total. */
const MOST_GROUPS = 5;

type Row = Readonly<Record<string, unknown>>;

/** Returns the groups of flows, less mirror rows. */
export function groupsOf(
  items: readonly { readonly value: number; readonly flow: Flow; readonly row: Row }[],
): FlowGroups {
  const flows = items.filter(({ flow }) => !flow.mirror);
  const groups = (namesOf: (flow: Flow, row: Row) => readonly string[]) =>
    largestOf(
      flows.flatMap(({ value, flow, row }) =>
        Array.from(new Set(namesOf(flow, row)), (name) => ({ name, value, largest: value })),
      ),
    );
  return {
    total: flows.reduce((sum, { value }) => sum + value, 0),
    instance: groups((_, row) => SIDES.flatMap((side) => known(row[`${side}InstanceId`]))),
    zones: groups(({ local, remote }) => zonesName(local.zone, remote.zone)),
    workload: groups((_, { kubernetesMetadata }) => {
      const members: Row = Object(kubernetesMetadata);
      return SIDES.flatMap((side) =>
        known(members[`${side}ServiceName`]).map((name) => [...known(members[`${side}PodNamespace`]), name].join('/')),
      );
    }),
  };
}

const SIDES = ['local', 'remote'] as const;

function known(value: unknown): string[] {
  return typeof value === 'string' && value !== '' ? [value] : [];
}

/** Both directions have one name. Flows within a zone have none. */
function zonesName(...zones: readonly [string, string]): string[] {
  const [first, second] = zones.toSorted();
  return first === '' || first === second ? [] : [`${first} – ${second}`];
}

export function addGroups(all: readonly FlowGroups[]): FlowGroups {
  const added = (kind: GroupKind) => largestOf(all.flatMap((groups) => groups[kind]));
  const total = all.reduce((sum, groups) => sum + groups.total, 0);
  return { total, instance: added('instance'), zones: added('zones'), workload: added('workload') };
}

/** Returns the groups with all values divided, for example by the length of a window. */
export function dividedBy(divisor: number, groups: FlowGroups): FlowGroups {
  const divided = (kind: GroupKind) =>
    groups[kind].map(({ name, value, largest }) => ({ name, value: value / divisor, largest: largest / divisor }));
  const total = groups.total / divisor;
  return { total, instance: divided('instance'), zones: divided('zones'), workload: divided('workload') };
}

/** Adds up groups of equal names. */
function largestOf(groups: readonly FlowGroup[]): FlowGroup[] {
  const found = new Map<string, FlowGroup>();
  for (const { name, value, largest } of groups) {
    const before = found.get(name) ?? { name, value: 0, largest: 0 };
    found.set(name, { name, value: before.value + value, largest: Math.max(before.largest, largest) });
  }
  return [...found.values()].sort((a, b) => b.value - a.value).slice(0, MOST_GROUPS);
}
