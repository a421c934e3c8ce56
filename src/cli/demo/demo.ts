import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { parseScenario, type Simulator } from 'network-flow-monitor-simulator';
import type { Config } from '../../config/config.ts';
import { ConfigError, createProblem } from '../../config/reading/problem.ts';
import { EXPOSITION_CONTENT_TYPE } from '../../http/scrape/exposition-negotiation.ts';
import { TEXT } from '../../http/server/respond.ts';
import { ListenError, type Listeners, listen } from '../../http/server/server.ts';
import type { Clock } from '../../lib/clock.ts';
import { createLogger } from '../../lib/log.ts';
import { StartError } from '../../lib/start-error.ts';
import { targetsOfShard } from '../../model/shard.ts';
import { type LoadedConfig, loadConfigFile } from '../../queries/load.ts';
import { type ServeOptions, serve } from '../serve.ts';
import { startOnLoopback } from '../simulator.ts';
import { appendQuery, DEMO_FILES, makeDemoDirectory } from './directory.ts';
import { beginStory, type Story } from './story.ts';
import { welcome } from './welcome.ts';

export interface DemoOptions extends Pick<ServeOptions, 'flags' | 'clock' | 'writeError' | 'events'> {
  readonly writeOut: (text: string) => void;
  /** Play scenes, and print each to standard output. */
  readonly story: boolean;
  /** Listen address for the metrics of simulated agents. Undefined: none. */
  readonly agentsAddress: string | undefined;
}

/** A real exporter must not load simulated results at its next start. */
function refuseStorage({ storage }: Config): void {
  const [kept] = Object.entries(storage).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (kept !== undefined) {
    const expected = 'none in the demo: its own configuration has a temporary directory';
    const got = 'a storage that may contain results of AWS';
    throw new ConfigError([createProblem(`storage.${kept}`, undefined, got, expected)]);
  }
}

/**
 * Runs the daemon against a simulator in the same process until a signal. The user's AWS settings are not used, and only
 * the simulator is called. Returns the exit code.
 *
 * @throws StartError if the machine has no loopback address, or no directory for temporary files
 * @throws ConfigError if the file of `--config.file` is invalid, or has a storage
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { flags, clock, writeError, writeOut, events, agentsAddress } = options;
  const scenario = parseScenario(await readFile(new URL('scenario.yml', DEMO_FILES), 'utf8'));
  const simulator = await startOnLoopback({ scenario, clock });
  let agents: Listeners | undefined;
  try {
    agents = agentsAddress === undefined ? undefined : await serveAgents(agentsAddress, simulator, clock, writeError);
    const directory = await makeDemoDirectory(writeOut);
    useOnlyTheSimulator(process.env, simulator.url);
    const configFile = flags.configFile ?? directory.configFile;
    const read = {
      file: configFile,
      env: { ...process.env, NFM_SIMULATOR: simulator.url, NFM_DEMO_FOLDER: directory.path },
      fallbackRegion: async () => 'us-east-1',
      isOwn: targetsOfShard(flags.shard),
    };
    const loaded = await loadConfigFile(read);
    if (flags.configFile !== undefined) {
      refuseStorage(loaded.config);
    }
    const telemetryPath = flags.telemetryPath ?? loaded.config.web.telemetryPath;
    let story: Story | undefined;
    const exitCode = await serve({
      ...options,
      // The simulator shuts down with the demo.
      isLast: true,
      config: { loaded, read },
      env: {},
      started({ scheme, addresses: [address = ''], reload }) {
        const url = `${scheme}://${hostOf(address)}${flags.routePrefix}`;
        const metrics = `${url}${telemetryPath}`;
        const shown = { flags, url, metrics, directory, simulator: simulator.url, story: options.story };
        const agentsUrl = agents && `http://${hostOf(agents.addresses[0] ?? '')}/metrics`;
        writeOut(welcome({ ...shown, query: queryWithContributors(loaded), agents: agentsUrl }));
        if (options.story) {
          const addQuery = async (entry: string) => {
            await appendQuery(configFile, entry);
            await reload();
          };
          const ofDemo = { addQuery: flags.configFile === undefined ? addQuery : undefined };
          story = beginStory({ clock, simulator, scenario, metricsUrl: metrics, write: writeOut, ...ofDemo });
          events.ended.then(story.end, story.end);
        }
      },
    });
    story?.printRemaining();
    return exitCode;
  } finally {
    await agents?.close(AGENTS_CLOSE_MS);
    await simulator.close();
  }
}

/** Time for responses of agents in progress when the demo ends, in milliseconds. */
const AGENTS_CLOSE_MS = 1_000;

/**
 * Serves the metrics of the simulator's agents at `/metrics`, as each agent does for its instance: Prometheus in another
 * container cannot reach the simulator. @throws StartError if it cannot listen on the address
 */
async function serveAgents(
  address: string,
  { agentMetrics }: Pick<Simulator, 'agentMetrics'>,
  clock: Clock,
  write: (text: string) => void,
): Promise<Listeners> {
  const log = createLogger({ level: 'info', format: 'logfmt', clock, write });
  const app: Parameters<typeof listen>[0] = ({ method, url }, response) => {
    if (url === '/metrics' && method === 'GET') {
      response.writeHead(200, { 'Content-Type': EXPOSITION_CONTENT_TYPE.text }).end(agentMetrics());
    } else {
      response.writeHead(404, { 'Content-Type': TEXT }).end('Not found. See /metrics.\n');
    }
  };
  try {
    return await listen(app, [address], { clock, log });
  } catch (error) {
    throw error instanceof ListenError ? new StartError(error.message, { cause: error }) : error;
  }
}

/** Replaces AWS settings, also for a file without an endpoint, by the credentials of the demo and the simulator. */
export function useOnlyTheSimulator(env: NodeJS.ProcessEnv, simulator: string): void {
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

/** Scheduled queries have contributors. Those with retransmissions are the most interesting ones. */
function queryWithContributors({ queries }: LoadedConfig): string | undefined {
  const scheduled = queries.filter((query) => query.kind === 'scheduled');
  return (scheduled.find(({ metricName }) => metricName === 'RETRANSMISSIONS') ?? scheduled[0])?.name;
}

/** The address that a browser on this machine can open. */
export function hostOf(address: string): string {
  return address.replace(/^\[::\]|^0\.0\.0\.0/, 'localhost');
}
