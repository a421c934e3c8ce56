import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { type Clock, systemClock } from './clock.ts';
import { CredentialStore } from './credentials.ts';
import { Exchanges, type RequestRecord } from './exchange.ts';
import { createFaultChooser, type Fault } from './fault.ts';
import { FrontEnd } from './front-end.ts';
import { Inventory } from './inventory.ts';
import { Queries, type RunningQuery } from './queries.ts';
import { defaultScenario, type Monitor, type Scenario } from './schema.ts';
import type { Worlds } from './worlds.ts';

export interface SimulatorOptions {
  /** A loopback address, 127.0.0.1 when absent; no other is listened on. */
  host?: string;
  /** Any free one when 0 or absent. */
  port?: number;
  /** `defaultScenario` when absent. */
  scenario?: Scenario;
  clock?: Clock;
  /** Called once for each request, when it is answered or it is settled that it will not be. */
  onRequest?(record: RequestRecord): void;
}

/** A simulator that listens. Accounts and regions in its methods are ids and names. */
export interface Simulator {
  /** Such as http://127.0.0.1:40123: the endpoint of the service and of STS. */
  readonly url: string;
  /** Such as 127.0.0.1:40123. */
  readonly address: string;
  /** Replaces all faults, the scenario's too; `from` and `until` still count from the simulator's start. */
  setFaults(faults: readonly Fault[]): void;
  /** Lays `changes` over the scenario's worlds; what an earlier call changed goes back. */
  setWorlds(changes: Partial<Worlds>): void;
  /** Replaces all monitors of one account in one region. */
  setMonitors(account: string, region: string, monitors: readonly Monitor[]): void;
  /** Makes the credentials that an account has, named or issued, expire now; STS may issue new ones. */
  expireCredentials(account: string): void;
  /** The queries under way that clients started: those of the scenario are not among them. */
  runningQueries(): RunningQuery[];
  /** Stops listening and cuts all connections, hanging ones too. Calling it again is harmless. */
  close(): Promise<void>;
}

/** Longer than clients that poll each minute leave a connection idle, so that none is cut as its next request comes. */
const KEEP_ALIVE_MS = 90_000;

/** Starts a simulator. Rejects with a TypeError for an address that is no loopback one, and when it cannot listen. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, scenario = defaultScenario, clock = systemClock, onRequest } = options;
  if (!isLoopback(host)) {
    throw new TypeError(`The simulator listens on loopback addresses only, not on ${host}`);
  }
  const startedAt = { monotonic: clock.monotonic(), wall: clock.now() };
  const { seed, accounts } = scenario;
  const defaultAccount = accounts[0]?.id ?? '';
  let current = scenario.worlds;
  let chooseFaults = createFaultChooser(scenario.faults, seed);
  const worlds = () => current;
  const inventory = new Inventory(accounts, seed);
  const credentials = new CredentialStore(accounts, seed, startedAt.wall);
  const queries = new Queries(scenario, worlds, startedAt.monotonic, startedAt.wall);
  const now = () => ({ wall: clock.now(), monotonic: clock.monotonic() });
  const simulation = { seed, accounts, defaultAccount, credentials, inventory, queries, worlds, now };
  const exchanges = new Exchanges({
    clock,
    frontEnd: new FrontEnd(simulation),
    chooseFaults: (facts) => chooseFaults(facts, clock.monotonic() - startedAt.monotonic),
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
    setFaults(faults) {
      chooseFaults = createFaultChooser(faults, seed);
    },
    setWorlds(changes) {
      current = { ...scenario.worlds, ...changes };
    },
    setMonitors: (account, region, monitors) => inventory.setMonitors(account, region, monitors),
    expireCredentials: (account) => credentials.expire(account, clock.now()),
    runningQueries: () => queries.running(clock.monotonic()),
    close() {
      closed ??= new Promise((resolve, reject) => {
        exchanges.abandon();
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

/** Gives the address that is listened on, such as 127.0.0.1:40123. */
async function listen(server: Server, port: number, host: string): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new TypeError('The simulator listens on no TCP port');
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
