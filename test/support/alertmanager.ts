import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from './daemon.ts';
import { startListeningProgram } from './listening-program.ts';

/** An alert that Alertmanager has, as its API tells it. */
export interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed'; readonly inhibitedBy: readonly string[] };
}

/** An Alertmanager, asked over its HTTP API. */
export interface Alertmanager {
  readonly url: string;
  /** Tells it, as Prometheus does, of alerts that fire from now on. */
  fire(alerts: readonly Readonly<Record<string, string>>[]): Promise<void>;
  alerts(): Promise<readonly KnownAlert[]>;
}

/** Debian's name for it, and the project's own. */
const PROGRAMS = ['prometheus-alertmanager', 'alertmanager'];

/** Starts the system's Alertmanager alone, on a free port of the loopback address. It ends with the scope. */
export async function startAlertmanager(scope: TestScope, configFile: string): Promise<Alertmanager> {
  const hint = `install Debian's package "${PROGRAMS[0]}"`;
  const program = PROGRAMS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (program === undefined) {
    throw new Error(`cannot run Alertmanager: ${hint}`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-alertmanager-'));
  const address = await startListeningProgram(scope, {
    program,
    args: [
      `--config.file=${configFile}`,
      `--storage.path=${folder}`,
      '--web.listen-address=127.0.0.1:0',
      '--cluster.listen-address=',
    ],
    folder,
    hint,
  });
  const url = `http://${address}`;

  return {
    url,
    async fire(alerts) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts.map((labels) => ({ labels }))),
      });
      if (!response.ok) {
        throw new Error(`${response.status}: ${await response.text()}`);
      }
    },
    async alerts() {
      const known: readonly KnownAlert[] = JSON.parse(await (await fetch(`${url}/api/v2/alerts`)).text());
      return known;
    },
  };
}
