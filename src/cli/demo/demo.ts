import { readFile } from 'node:fs/promises';
import { devNull } from 'node:os';
import { parseScenario } from 'network-flow-monitor-simulator';
import { ConfigError, createProblem } from '../../config/reading/problem.ts';
import type { Clock } from '../../lib/clock.ts';
import { loadConfigFile } from '../../queries/load.ts';
import type { DaemonFlags } from '../daemon-flags.ts';
import type { ProcessEvents } from '../process-events.ts';
import { serve } from '../serve.ts';
import { startOnLoopback } from '../simulator/loopback.ts';

import { appendQuery, DEMO_FILES, makeDemoFolder } from './folder.ts';
import { beginStory, type Story } from './story.ts';
import { welcome } from './welcome.ts';

export interface DemoOptions {
  readonly flags: DaemonFlags;
  readonly clock: Clock;
  readonly writeError: (text: string) => void;
  readonly writeOut: (text: string) => void;
  readonly events: ProcessEvents;
  /** Play scenes, and tell of each on standard output. */
  readonly story: boolean;
}

/** What a simulator answers must not be taken for the user's own results at the next start of a real exporter. */
const STORAGE_OF_USER = createProblem(
  'storage.path',
  undefined,
  'a folder that may hold results of AWS',
  'none in the demo: its own configuration has a temporary one',
);

/**
 * Runs the daemon against a simulator in the same process until `ended`. Nothing of the user's AWS setup is used, and no
 * address but the simulator's is called.
 *
 * @returns the exit code.
 * @throws StartError when the machine lacks a loopback address or a place for temporary files.
 * @throws ConfigError when `--config.file` names a bad file, or one that has a storage.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { flags, clock, writeOut, events } = options;
  const scenario = parseScenario(await readFile(new URL('scenario.yml', DEMO_FILES), 'utf8'));
  const simulator = await startOnLoopback({ scenario, clock });
  try {
    const folder = await makeDemoFolder(writeOut);
    useOnlyTheSimulator(process.env, simulator.url);
    const configFile = flags.configFile ?? folder.configFile;
    const read = {
      file: configFile,
      env: { ...process.env, NFM_SIMULATOR: simulator.url, NFM_DEMO_FOLDER: folder.path },
      fallbackRegion: async () => 'us-east-1',
    };
    const loaded = await loadConfigFile(read);
    if (flags.configFile !== undefined && loaded.config.storage.path !== undefined) {
      throw new ConfigError([STORAGE_OF_USER]);
    }
    const telemetryPath = flags.telemetryPath ?? loaded.config.web.telemetryPath;
    let story: Story | undefined;
    const exitCode = await serve({
      ...options,
      // The service ends with the demo.
      isLast: true,
      loaded,
      read,
      env: {},
      started({ scheme, addresses: [address = ''], reload }) {
        const url = `${scheme}://${hostOf(address)}${flags.routePrefix}`;
        const metrics = `${url}${telemetryPath}`;
        writeOut(welcome({ flags, url, metrics, configFile, folder, simulator: simulator.url, story: options.story }));
        if (options.story) {
          const addQuery = async (entry: string) => {
            await appendQuery(configFile, entry);
            await reload();
          };
          story = beginStory({
            clock,
            simulator,
            scenario,
            metricsUrl: metrics,
            addQuery: flags.configFile === undefined ? addQuery : undefined,
            write: writeOut,
          });
          events.ended.then(story.end, story.end);
        }
      },
    });
    story?.tellRemains();
    return exitCode;
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

/** Where a browser on this machine reaches what listens on an address. */
function hostOf(address: string): string {
  return address.replace(/^\[::\]|^0\.0\.0\.0/, 'localhost');
}
