import { activeShare, incidentsOf, instanceOfIncident } from './incidents.ts';
import { HOSTS, type Instance, instanceOf, type Place, SUBNETS, subnetOf, vpcOf } from './network.ts';
import type { Simulation } from './simulation.ts';

/** The gauges of the agent, and what they count: packets since the previous scrape. */
const FAMILIES = {
  bw_in_allowance_exceeded: 'Packets queued or dropped because the inbound bandwidth exceeded the maximum.',
  bw_out_allowance_exceeded: 'Packets queued or dropped because the outbound bandwidth exceeded the maximum.',
  pps_allowance_exceeded: 'Packets queued or dropped because the packets per second exceeded the maximum.',
  conntrack_allowance_exceeded: 'Packets dropped because the tracked connections exceeded the maximum.',
  linklocal_allowance_exceeded: 'Packets dropped because the packets to local services exceeded the maximum.',
};
/** The allowance that an incident exceeds, and how many packets per second. */
const EXCEEDED: keyof typeof FAMILIES = 'bw_out_allowance_exceeded';
const PACKETS_PER_SECOND = 40;

/**
 * Returns the metrics of all agents in the text format of Prometheus, as the agents of Network Flow Monitor expose them: each
 * gauge has the packets since the previous scrape, which is from `since` to `until` (milliseconds since the Unix epoch).
 */
export function agentMetrics(simulation: Simulation, since: number, until: number): string {
  const packets = new Map<string, { instance: Instance; exceeded: number }>();
  for (const place of placesOf(simulation)) {
    for (let host = 0; host < SUBNETS * HOSTS; host++) {
      const subnet = subnetOf(place, vpcOf(place, 0), host % SUBNETS);
      const instance = instanceOf(place, subnet, Math.floor(host / SUBNETS));
      packets.set(instance.id, { instance, exceeded: 0 });
    }
    for (const monitorName of simulation.inventory.of(place.account, place.region).monitors.keys()) {
      for (const incident of incidentsOf(simulation.incidents(), { ...place, monitorName })) {
        if (incident.kind === 'instance') {
          const instance = instanceOfIncident(place, monitorName);
          const [start, end] = [since - simulation.startedAt, until - simulation.startedAt];
          const active = end > start ? activeShare(incident, start, end) * (end - start) : 0;
          const before = packets.get(instance.id)?.exceeded ?? 0;
          packets.set(instance.id, { instance, exceeded: before + Math.round((active / 1000) * PACKETS_PER_SECOND) });
        }
      }
    }
  }
  return Object.entries(FAMILIES)
    .map(([name, help]) => {
      const samples = [...packets.values()].map(
        ({ instance, exceeded }) =>
          `${name}{instance_id="${instance.id}",eni="${instance.eni}"} ${name === EXCEEDED ? exceeded : 0}\n`,
      );
      return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples.join('')}`;
    })
    .join('');
}

/** The accounts and regions that have been used, or that the scenario declares. */
function placesOf({ seed, accounts, inventory }: Simulation): Place[] {
  const declared = accounts.flatMap(({ id, regions }) =>
    [...(regions?.keys() ?? [])].map((region) => ({ seed, account: id, region })),
  );
  return [
    ...new Map([...declared, ...inventory.used()].map((each) => [`${each.account}/${each.region}`, each])).values(),
  ];
}
