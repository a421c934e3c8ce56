import { type Simulator, type SimulatorOptions, startSimulator } from 'network-flow-monitor-simulator';
import { StartError } from '../../lib/start-error.ts';
import { reasonOf } from '../../lib/system-error.ts';

/** Loopback addresses in the order in which they are tried. */
const HOSTS = ['127.0.0.1', '::1'];

/** The system has no such address, or no such address family. */
const ABSENT: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop what listens there, or choose another port.',
  EACCES: 'Choose a port above 1023, or none.',
  EPERM: 'Choose a port above 1023, or none.',
};

/**
 * Starts a simulator on the loopback address of IPv4, or of IPv6 if the machine has none of IPv4.
 *
 * @throws StartError if it cannot listen on either
 */
export async function startOnLoopback(options: Omit<SimulatorOptions, 'host'>): Promise<Simulator> {
  const { port = 0 } = options;
  for (const host of HOSTS) {
    try {
      return await startSimulator({ ...options, host });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!ABSENT.has(code)) {
        const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
        const advice = ADVICE[code] ?? 'See what the reason says.';
        throw new StartError(`cannot listen on ${address}: ${reasonOf(error)}. ${advice}`, { cause: error });
      }
    }
  }
  const advice = 'Enable the loopback interface, for example with "ip link set lo up".';
  throw new StartError(`cannot listen on ${HOSTS.join(' or ')}: the machine has neither address. ${advice}`);
}
