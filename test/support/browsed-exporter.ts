import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestScope } from './daemon.ts';
import { startCommand } from './process.ts';
import { runSimulator } from './simulated-service.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const REGION = 'us-east-1';

/** The built exporter on a simulator; resolves with its address when it listens. */
export async function startBrowsedExporter(
  scope: TestScope,
  scenario: Readonly<Record<string, unknown>>,
  queries: readonly Readonly<Record<string, unknown>>[],
  flags: readonly string[] = [],
  requestsPerSecond = 100,
): Promise<string> {
  const simulator = await runSimulator(scope, scenario);
  const file = join(temporaryFolder(scope), 'config.json');
  const aws = { region: REGION, endpoint: simulator.url, stsEndpoint: simulator.url, requestsPerSecond };
  writeFileSync(file, JSON.stringify({ aws, polling: { interval: '1s' }, queries }));
  const exporter = startCommand(scope, [`--config.file=${file}`, '--web.listen-address=127.0.0.1:0', ...flags]);
  return exporter.url();
}
