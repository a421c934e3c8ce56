import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCommand, startCommand } from '../support/process.ts';
import { temporaryFolderOfFile } from '../support/temporary-folder.ts';

const directory = temporaryFolderOfFile();

function write(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

describe.concurrent('nfm-exporter simulator', () => {
  it.for(['SIGTERM', 'SIGINT'] as const)('responds until %s, then ends with exit code 0', async (signal, scope) => {
    const simulator = startCommand(scope, ['simulator']);
    const { address } = await simulator.event('simulator listening');
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    const response = await fetch(`http://${address}/monitors`);
    expect(response.status).toBe(200);
    simulator.kill(signal);
    expect(await simulator.ended).toMatchObject({ code: 0, signal: null, stdout: '' });
    expect(simulator.log().map(({ msg }) => msg)).not.toContain('listening');
  });

  it('plays a scenario', async (scope) => {
    const scenario = write('outage.yml', 'faults: [{ kind: error, name: InternalServerException, status: 500 }]\n');
    const simulator = startCommand(scope, ['simulator', '--port=0', `--scenario=${scenario}`]);
    const { address } = await simulator.event('simulator listening');
    expect((await fetch(`http://${address}/monitors`)).status).toBe(500);
  });

  it('reports all errors of a scenario and ends with exit code 1', async (scope) => {
    const scenario = write('bad.yml', 'seed: []\nworlds: { pageSize: 0 }\nfault: []\n');
    const simulator = startCommand(scope, ['simulator', `--scenario=${scenario}`]);
    expect(await simulator.ended).toMatchObject({ code: 1, stdout: '' });
    const errors = simulator.log().filter(({ level, msg }) => level === 'error' && msg === 'invalid scenario');
    expect(errors.map(({ path, line }) => `${path} ${line}`).sort()).toEqual([
      'fault 3',
      'seed 1',
      'worlds.pageSize 2',
    ]);
  });

  it('ends with exit code 1 if the scenario is unreadable or the port is in use', async (scope) => {
    const missing = await runCommand(scope, ['simulator', '--scenario=/nonexistent/scenario.yml']);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('no such file or directory') });
    const first = startCommand(scope, ['simulator']);
    const { address = '' } = await first.event('simulator listening');
    const second = startCommand(scope, ['simulator', `--port=${address.split(':')[1]}`]);
    expect((await second.ended).code).toBe(1);
    expect(second.log()).toEqual([expect.objectContaining({ level: 'error', msg: 'simulator startup failed' })]);
  });
});
