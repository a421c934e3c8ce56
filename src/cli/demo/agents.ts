import type { Simulator } from 'network-flow-monitor-simulator';
import { ListenError, listen } from '../../http/server/server.ts';
import type { Clock } from '../../lib/clock.ts';
import { createLogger } from '../../lib/log.ts';
import { StartError } from '../../lib/start-error.ts';

/** Time for responses in progress when the demo ends, in milliseconds. */
const CLOSE_MS = 1_000;

/** The metrics of the simulated agents on instances. */
export interface Agents {
  /** The actual address. Its host may be unspecified. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the metrics of the simulator's agents at `/metrics`, as each agent of Network Flow Monitor does for its instance. The
 * simulator is reachable from this machine only, so Prometheus in another container could not scrape it.
 *
 * @throws StartError if it cannot listen on the address
 */
export async function serveAgents(
  address: string,
  { agentMetrics }: Pick<Simulator, 'agentMetrics'>,
  clock: Clock,
  write: (text: string) => void,
): Promise<Agents> {
  const log = createLogger({ level: 'info', format: 'logfmt', clock, write });
  const app: Parameters<typeof listen>[0] = ({ method, url }, response) => {
    if (url === '/metrics' && method === 'GET') {
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(agentMetrics());
    } else {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
      response.end('Not found. See /metrics.\n');
    }
  };
  try {
    const { addresses, close } = await listen(app, [address], { clock, log });
    return { address: addresses[0] ?? address, close: () => close(CLOSE_MS) };
  } catch (error) {
    throw error instanceof ListenError ? new StartError(error.message, { cause: error }) : error;
  }
}
