import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from './daemon.ts';
import { startListeningProgram } from './listening-program.ts';

/** An alert from the API of Alertmanager. */
export interface KnownAlert {
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed'; readonly inhibitedBy: readonly string[] };
}

/** An Alertmanager with its HTTP API. */
export interface Alertmanager {
  readonly url: string;
  /** Sends alerts that fire from now on, as Prometheus does. */
  fire(alerts: readonly Readonly<Record<string, string>>[]): Promise<void>;
  /** Sends alerts that fire, and others that have ended. */
  update(
    firing: readonly Readonly<Record<string, string>>[],
    ended: readonly Readonly<Record<string, string>>[],
  ): Promise<void>;
  alerts(): Promise<readonly KnownAlert[]>;
  /** Returns the alerts of each notification. */
  groups(): Promise<readonly (readonly KnownAlert[])[]>;
}

/** Names of the program in Debian and in the project. */
const PROGRAMS = ['prometheus-alertmanager', 'alertmanager'];

let knownProgram: string | undefined;

/** Returns the name of the program on this machine. */
function programOf(): string | undefined {
  knownProgram ??= PROGRAMS.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  return knownProgram;
}

/** Starts the system's Alertmanager on a free port of the loopback address. It exits with the scope. */
export async function startAlertmanager(scope: TestScope, configFile: string): Promise<Alertmanager> {
  const hint = `install Debian's package "${PROGRAMS[0]}"`;
  const program = programOf();
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

  const post = async (alerts: readonly Readonly<Record<string, unknown>>[]) => {
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    if (!response.ok) {
      throw new Error(`${response.status}: ${await response.text()}`);
    }
  };
  return {
    url,
    fire: (alerts) => post(alerts.map((labels) => ({ labels }))),
    update(firing, ended) {
      const endsAt = new Date().toISOString();
      return post([...firing.map((labels) => ({ labels })), ...ended.map((labels) => ({ labels, endsAt }))]);
    },
    async alerts() {
      const known: readonly KnownAlert[] = JSON.parse(await (await fetch(`${url}/api/v2/alerts`)).text());
      return known;
    },
    async groups() {
      const groups: readonly { readonly alerts: readonly KnownAlert[] }[] = JSON.parse(
        await (await fetch(`${url}/api/v2/alerts/groups`)).text(),
      );
      return groups.map(({ alerts }) => alerts);
    },
  };
}
