import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DaemonFlags } from '../cli/daemon-flags.ts';
import type { ProcessEvents } from '../cli/process-events.ts';
import { serve } from '../cli/serve.ts';
import { loadConfigFile } from '../queries/load.ts';
import type { Clock } from '../runtime/clock.ts';
import { parseScenario } from '../simulator/scenario.ts';
import { startSimulator } from '../simulator/server.ts';
import { beginStory, type Story } from './story.ts';

export interface DemoOptions {
  readonly flags: DaemonFlags;
  readonly clock: Clock;
  readonly writeError: (text: string) => void;
  readonly writeOut: (text: string) => void;
  readonly events: ProcessEvents;
  /** Play scenes, and tell of each on standard output. */
  readonly story: boolean;
}

/** They are a part of the package. */
const FILES = new URL('../../config/demo/', import.meta.url);

/**
 * Runs the daemon against a simulator in the same process until `ended`. Nothing of the user's AWS setup is used, and no
 * address but the simulator's is called.
 *
 * @returns the exit code.
 * @throws ConfigError when `--config.file` names a bad file.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { flags, clock, writeOut, events } = options;
  const scenario = parseScenario(await readFile(new URL('scenario.yml', FILES), 'utf8'));
  const simulator = await startSimulator({ scenario, clock });
  const folder = await mkdtemp(join(tmpdir(), 'nfm-exporter-demo-'));
  try {
    await cp(new URL('queries.d', FILES), join(folder, 'queries.d'), { recursive: true });
    useOnlyTheSimulator(process.env, simulator.url);
    const configFile = flags.configFile ?? fileURLToPath(new URL('nfm-exporter.yml', FILES));
    const read = {
      file: configFile,
      env: { ...process.env, NFM_SIMULATOR: simulator.url, NFM_DEMO_FOLDER: folder },
      fallbackRegion: async () => 'us-east-1',
    };
    const loaded = await loadConfigFile(read);
    const telemetryPath = flags.telemetryPath ?? loaded.config.web.telemetryPath;
    let story: Story | undefined;
    const exitCode = await serve({
      ...options,
      // The service ends with the demo.
      isLast: true,
      loaded,
      read,
      env: {},
      started({ scheme, addresses: [address = ''] }) {
        const url = `${scheme}://${hostOf(address)}${flags.routePrefix}`;
        const metrics = `${url}${telemetryPath}`;
        writeOut(welcome({ url, metrics, configFile, folder, simulator: simulator.url, story: options.story }));
        if (options.story) {
          story = beginStory({ clock, simulator, scenario, metricsUrl: metrics, write: writeOut });
          void events.ended.then(story.end);
        }
      },
    });
    story?.tellRemains();
    return exitCode;
  } finally {
    await rm(folder, { recursive: true, force: true });
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

/** Where a browser on this machine reaches what listens on an address. */
function hostOf(address: string): string {
  return address.replace(/^\[::\]|^0\.0\.0\.0/, 'localhost');
}

interface Welcome {
  /** Without a slash at the end. */
  readonly url: string;
  /** The URL of the metrics. */
  readonly metrics: string;
  readonly configFile: string;
  /** Where the demo's discovery files are. */
  readonly folder: string;
  readonly simulator: string;
  /** Whether scenes are played. */
  readonly story: boolean;
}

function welcome({ url, metrics, configFile, folder, simulator, story }: Welcome): string {
  const throttling = `  curl -s ${metrics} | grep budget_requests  eu-west-1 throttles from 0:30 to 0:45: its budget is cut and grows back\n`;
  const end = story
    ? 'Ctrl-C ends it. The story begins; of what happens, each line tells the time and where to look:'
    : 'Ctrl-C ends it. With --story, things happen to it: monitors come and go, credentials expire, a query hangs.';
  return `
Network Flow Monitor exporter, demo: ${configFile}
polls a simulator of the service at ${simulator}

  ${url}/                 the registered queries and their status
  ${metrics}          what Prometheus scrapes
  ${url}/api/v1/queries   the same as JSON

Things to try:
  curl -s ${metrics} | grep aws_nfm_query_status
  curl -s ${url}/api/v1/queries/checkout-rtt     queued, running, SUCCEEDED within a minute
  curl -s ${metrics} | grep aws_nfm_contributor_retransmissions  which flows are bad: queries run each minute
  curl -s ${metrics} | grep monitor_status   each monitor, and queries for all that are called prod-*
  curl -s ${metrics} | grep last_error       what fails here, and why
${story ? '' : throttling}  curl -s ${metrics} | grep account_info     three AWS accounts, each by a role of its own
  rm ${join(folder, 'queries.d/shop.yml')}   a discovery file: its query leaves with it
  curl -s ${url}/-/ready

${end}

`;
}
