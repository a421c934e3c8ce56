import { spawnSync } from 'node:child_process';

/** Prometheus' own Go client behind HTTP, as Debian packages it. */
export const PUSHGATEWAY = 'prometheus-pushgateway';

export interface RunningPushgateway {
  /** On loopback. */
  readonly port: number;
  stop(): Promise<void>;
}

export const MISSING_PUSHGATEWAY =
  `the bench measures contributors beside ${PUSHGATEWAY}, which is not on the PATH; on Debian and Ubuntu: ` +
  `apt-get install --no-install-recommends ${PUSHGATEWAY}`;

export function hasPushgateway(): boolean {
  return spawnSync(PUSHGATEWAY, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Gives it a page in the text format, as one group: it then has least to put together at a scrape. */
export async function pushPage(port: number, page: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics/job/bench`, { method: 'PUT', body: page });
  if (!response.ok) {
    throw new Error(`${PUSHGATEWAY} returned ${response.status}: ${await response.text()}`);
  }
}
