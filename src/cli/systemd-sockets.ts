import type { InheritedSocket } from '../http/server/server.ts';
import { StartError } from '../lib/start-error.ts';

/** The first descriptor that systemd passes, as in sd_listen_fds(3). */
const FIRST = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'];

/**
 * Returns the sockets that systemd has opened for this process, in the order of the socket unit. Removes their variables
 * from `env`, so that no child process uses them.
 *
 * @throws StartError if there are none
 */
export function takeSystemdSockets(env: NodeJS.ProcessEnv): readonly InheritedSocket[] {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = env;
  for (const name of VARIABLES) {
    delete env[name];
  }
  if (process.platform !== 'linux') {
    throw new StartError('--web.systemd-socket works on Linux only. Use --web.listen-address=ADDRESS.');
  }
  const refusal = refusalOf(pid, count);
  if (refusal !== undefined) {
    throw new StartError(
      `--web.systemd-socket found no sockets: ${refusal}. Start the exporter through its socket unit, or use ` +
        '--web.listen-address=ADDRESS.',
    );
  }
  return Array.from({ length: Number(count) }, (_, i) => ({ fd: FIRST + i }));
}

function refusalOf(pid: string | undefined, count: string | undefined): string | undefined {
  if (pid === undefined || count === undefined) {
    return `${pid === undefined ? 'LISTEN_PID' : 'LISTEN_FDS'} is not set`;
  }
  if (pid !== String(process.pid)) {
    return `LISTEN_PID is ${JSON.stringify(pid)}, but this process is ${process.pid}`;
  }
  const isCount = /^[1-9]\d{0,3}$/.test(count);
  return isCount ? undefined : `LISTEN_FDS is ${JSON.stringify(count)}, expected a positive number`;
}
