import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { DaemonFlags } from '../cli/daemon-flags.ts';
import type { ProcessEvents } from '../cli/process-events.ts';
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
  readonly events: ProcessEvents;
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
    useOnlyTheSimulator(process.env, simulator.url);
    const configFile = flags.configFile ?? fileURLToPath(new URL('nfm-exporter.yml', FILES));
    const loaded = await loadConfigFile({
      file: configFile,
      env: { ...process.env, NFM_SIMULATOR: simulator.url },
      fallbackRegion: async () => 'us-east-1',
    });
    const telemetryPath = flags.telemetryPath ?? loaded.config.web.telemetryPath;
    return await serve({
      ...options,
      loaded,
      env: {},
      started: ({ addresses: [address = ''] }) =>
        writeOut(welcome({ url: baseUrl(address, flags), telemetryPath, configFile, simulator: simulator.url })),
    });
  } finally {
    await simulator.close();
  }
}

/**
 * The SDK reads the process's environment: what it must find there is the demo's credentials and the simulator, also for
 * a config file that names no endpoint, and nothing of the user's.
 */
function useOnlyTheSimulator(env: NodeJS.ProcessEnv, simulator: string): void {
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
    AWS_ENDPOINT_URL: simulator,
  });
}

/** Where a browser on this machine reaches the exporter. */
function baseUrl(address: string, { routePrefix }: DaemonFlags): string {
  return `http://${address.replace(/^\[::\]|^0\.0\.0\.0/, 'localhost')}${routePrefix}`;
}

interface Welcome {
  /** Without a slash at the end. */
  readonly url: string;
  readonly telemetryPath: string;
  readonly configFile: string;
  readonly simulator: string;
}

function welcome({ url, telemetryPath, configFile, simulator }: Welcome): string {
  const metrics = `${url}${telemetryPath}`;
  return `
Network Flow Monitor exporter, demo: ${configFile}
polls a simulator of the service at ${simulator}

  ${url}/                 the registered queries and their status
  ${metrics}          what Prometheus scrapes
  ${url}/api/v1/queries   the same as JSON

Things to try:
  curl -s ${metrics} | grep aws_nfm_query_status
  curl -s ${url}/api/v1/queries/checkout-rtt     queued, running, SUCCEEDED within a minute
  curl -s ${metrics} | grep last_error       what fails here, and why
  curl -s ${metrics} | grep budget_requests  eu-west-1 throttles from 0:30 to 0:45: its budget is cut and grows back
  curl -s ${metrics} | grep account_info     three AWS accounts, each by a role of its own
  curl -s ${url}/-/ready

Ctrl-C ends it.

`;
}
