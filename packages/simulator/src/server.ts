import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import { agentMetrics } from './agent-metrics.ts';
import { type Clock, systemClock } from './clock.ts';
import { CredentialStore } from './credentials.ts';
import { Exchanges, type RequestRecord } from './exchange.ts';
import { createFaultChooser, type Fault } from './fault.ts';
import { FrontEnd } from './front-end.ts';
import { type Incident, type MonitorPlace, subjectsOf } from './incidents.ts';
import { Inventory } from './inventory.ts';
import { type MonitorTotals, totalsOf } from './metric-points.ts';
import { Queries, type RunningQuery } from './queries.ts';
import { defaultScenario, type Monitor, type Scenario } from './schema.ts';
import type { Simulation } from './simulation.ts';
import type { Worlds } from './worlds.ts';

export interface SimulatorOptions {
  /** A loopback address; 127.0.0.1 by default. Other addresses are rejected. */
  host?: string;
  /** Any free port if 0, which is the default. */
  port?: number;
  /** `defaultScenario` by default. */
  scenario?: Scenario;
  clock?: Clock;
  /** Called once per request, after the response or when it is certain that there will be none. */
  onRequest?(record: RequestRecord): void;
}

/** A listening simulator. Its methods identify accounts by ID, and regions by name. */
export interface Simulator {
  /** Endpoint of the service and of STS (for example, http://127.0.0.1:40123). */
  readonly url: string;
  /** For example, 127.0.0.1:40123. */
  readonly address: string;
  /** Returns the milliseconds since the start of the simulator, from which `from` and `until` count. */
  elapsed(): number;
  /** Replaces all faults, including those of the scenario. `from` and `until` count from the start of the simulator. */
  setFaults(faults: readonly Fault[]): void;
  /** Applies `changes` to the scenario's worlds, and undoes the changes of earlier calls. */
  setWorlds(changes: Partial<Worlds>): void;
  /** Replaces all monitors of one account in one region. */
  setMonitors(account: string, region: string, monitors: readonly Monitor[]): void;
  /** Expires all credentials of an account now, including issued ones. STS may issue new ones. */
  expireCredentials(account: string): void;
  /** Replaces all incidents, including those of the scenario. `from` and `until` count from the start of the simulator. */
  setIncidents(incidents: readonly Incident[]): void;
  /** Returns the number of metrics that GetMetricData was called for, the unit of its price; of all accounts by default. */
  metricsRequested(account?: string): number;
  /** Returns what an incident affects in a monitor: the instance's ID, the zones, or the workload (NAMESPACE/SERVICE). */
  affectedBy(incident: Incident, monitor: MonitorPlace): readonly string[];
  /**
   * Returns the metrics of the agents on instances in the text format of Prometheus, which are also at `/agent/metrics`. Each
   * value counts from the call before, as at the agents.
   */
  agentMetrics(): string;
  /** Returns the true totals of a monitor over the minutes from `from` up to, but not including, `to`. */
  monitorTotals(monitor: MonitorPlace, from: number, to: number): MonitorTotals;
  /** Returns the queries in progress that clients started, without those of the scenario. */
  runningQueries(): RunningQuery[];
  /** Stops listening and closes all connections, including hanging ones. Repeated calls have no effect. */
  close(): Promise<void>;
}

/** Longer than clients that poll each minute leave a connection idle, so that it is not closed during a request. */
const KEEP_ALIVE_MS = 90_000;

/** Starts a simulator. Rejects with a TypeError if the address is not a loopback address, or the system's error. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, scenario = defaultScenario, clock = systemClock, onRequest } = options;
  if (!isLoopback(host)) {
    throw new TypeError(`The simulator listens on loopback addresses only: got ${host}`);
  }
  const now = () => ({ wall: clock.now(), monotonic: clock.monotonic() });
  const startedAt = now();
  const elapsed = () => clock.monotonic() - startedAt.monotonic;
  const { seed, accounts } = scenario;
  let current = scenario.worlds;
  let chooseFaults = createFaultChooser(scenario.faults, seed);
  let incidents = scenario.incidents;
  const billed = new Map<string, number>();
  const worlds = () => current;
  const inventory = new Inventory(accounts, seed);
  const credentials = new CredentialStore(accounts, seed, startedAt.wall);
  const queries = new Queries(scenario, worlds, startedAt.monotonic, startedAt.wall);
  const simulation: Simulation = {
    ...{ seed, accounts, credentials, inventory, queries, worlds, now, defaultAccount: accounts[0]?.id ?? '' },
    ...{ startedAt: startedAt.wall, cloudwatch: scenario.cloudwatch, incidents: () => incidents, billed },
  };
  let agentsReadAt = startedAt.wall;
  const readAgents = () => {
    const since = agentsReadAt;
    agentsReadAt = clock.now();
    return agentMetrics(simulation, since, agentsReadAt);
  };
  const exchanges = new Exchanges({
    clock,
    frontEnd: new FrontEnd(simulation),
    chooseFaults: (facts) => chooseFaults(facts, elapsed()),
    agentMetrics: readAgents,
    onRequest,
  });
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) =>
    exchanges.begin(request, response),
  );
  const address = await listen(server, port, host);
  let closed: Promise<void> | undefined;
  return {
    address,
    url: `http://${address}`,
    elapsed,
    setFaults(faults) {
      chooseFaults = createFaultChooser(faults, seed);
    },
    setWorlds(changes) {
      current = { ...scenario.worlds, ...changes };
    },
    setMonitors: (account, region, monitors) => inventory.setMonitors(account, region, monitors),
    setIncidents(replacement) {
      incidents = replacement;
    },
    metricsRequested: (account) =>
      [...billed].reduce(
        (sum, [each, metrics]) => (account === undefined || each === account ? sum + metrics : sum),
        0,
      ),
    affectedBy: (incident, monitor) => subjectsOf(incident, { seed, ...monitor }, monitor.monitorName),
    agentMetrics: readAgents,
    monitorTotals: (monitor, from, to) => totalsOf(simulation, monitor, from, to),
    expireCredentials: (account) => credentials.expire(account, clock.now()),
    runningQueries: () => queries.running(clock.monotonic()),
    close() {
      exchanges.abandon();
      closed ??= promisify(server.close).call(server);
      server.closeAllConnections();
      return closed;
    },
  };
}

/** Returns the address that the server listens on (for example, 127.0.0.1:40123). */
async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new TypeError('The simulator does not listen on a TCP port');
  }
  return `${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  const family = isIP(host);
  return family !== 0 && loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
