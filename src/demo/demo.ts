import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { DaemonFlags } from '../cli/daemon-flags.ts';
import { serve } from '../cli/serve.ts';
import { loadConfigFile } from '../queries/load.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseScenario } from '../simulator/scenario.ts';
import { startSimulator } from '../simulator/server.ts';

export interface DemoOptions {
  readonly flags: DaemonFlags;
  readonly clock: Clock;
  readonly writeError: (text: string) => void;
  readonly writeOut: (text: string) => void;
  readonly ended: Promise<unknown>;
}

/** Both files are a part of the package. */
const FILES = new URL('../../config/demo/', import.meta.url);

/**
 * Runs the daemon against a simulator in the same process until `ended`. Nothing of the user's AWS setup is used, and no
 * address but the simulator's is called.
 *
 * @returns the exit code.
 * @throws ConfigError when `--config.file` names a bad file.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { flags, clock, writeOut } = options;
  const simulator = await startSimulator({
    scenario: parseScenario(await readFile(new URL('scenario.yml', FILES), 'utf8')),
    clock,
  });
  try {
    useDemoCredentials(process.env);
    const file = flags.configFile ?? fileURLToPath(new URL('nfm-exporter.yml', FILES));
    const loaded = await loadConfigFile({
      file,
      env: { ...process.env, NFM_SIMULATOR: simulator.url },
      fallbackRegion: async () => undefined,
    });
    return await serve({
      ...options,
      loaded,
      env: {},
      started: ({ addresses }) => writeOut(welcome(addresses[0] ?? '', simulator.url, file, flags)),
    });
  } finally {
    await simulator.close();
  }
}

/** The SDK's credential chain reads the process's environment: here it must find the demo's credentials, and only those. */
function useDemoCredentials(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (name.startsWith('AWS_')) {
      delete env[name];
    }
  }
  Object.assign(env, {
    AWS_ACCESS_KEY_ID: 'AKIADEMODEMODEMODEMO',
    AWS_SECRET_ACCESS_KEY: 'demo',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  });
}

function welcome(address: string, simulator: string, configFile: string, flags: DaemonFlags): string {
  const base = `http://${address.replace(/^\[::\]|^0\.0\.0\.0/, 'localhost')}${flags.routePrefix}`;
  return `
Network Flow Monitor exporter, demo: ${configFile}
polls a simulator of the service at ${simulator}

  ${base}/                 the registered queries and their status
  ${base}/metrics          what Prometheus scrapes
  ${base}/api/v1/queries   the same as JSON

Things to try:
  curl -s ${base}/metrics | grep aws_nfm_query_status
  curl -s ${base}/api/v1/queries/checkout-rtt     queued, running, SUCCEEDED within a minute
  curl -s ${base}/metrics | grep last_error       what fails here, and why
  curl -s ${base}/metrics | grep budget_requests  eu-west-1 throttles from 0:30 to 0:45: its budget is cut and grows back
  curl -s ${base}/-/ready

Ctrl-C ends it.

`;
}
