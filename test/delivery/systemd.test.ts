import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DAEMON_FLAGS, readDaemonFlags } from '../../src/cli/daemon-flags.ts';
import { readFlags } from '../../src/cli/flags.ts';
import { isInstalled, PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { readYaml } from './manifests.ts';

const unit = readFileSync(`${PROJECT}deploy/systemd/nfm-exporter.service`, 'utf8');

function value(key: string): string {
  return unit.match(new RegExp(`(?<=^${key}=).*`, 'm'))?.[0] ?? '';
}

describe('the systemd unit', () => {
  test('starts the command of the package with flags that it knows', () => {
    const [node, command = '', ...args] = value('ExecStart').split(' ');
    const { bin } = readYaml<{ bin: { 'nfm-exporter': string } }>('package.json');
    expect(node).toMatch(/^\/.*\/node$/);
    expect(command.endsWith(`/${bin['nfm-exporter']}`)).toBe(true);
    const { configFile, shutdownTimeout } = readDaemonFlags(readFlags(DAEMON_FLAGS, args, undefined));
    expect(configFile).toBe('/etc/nfm-exporter/nfm-exporter.yml');
    expect(Number.parseInt(value('TimeoutStopSec'), 10) * 1000).toBeGreaterThan(shutdownTimeout);
  });

  test('has its state where the configurations of the other deployments have it', () => {
    const { storage } = readYaml<{ storage: { path: string } }>('deploy/compose/exporter/nfm-exporter.yml');
    expect(`/var/lib/${value('StateDirectory')}`).toBe(storage.path);
  });

  // Skipped if systemd is not installed.
  test.runIf(isInstalled('systemd-analyze'))('passes systemd-analyze verify', () => {
    const file = join(temporaryFolder(), 'nfm-exporter.service');
    writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
    expect(run('systemd-analyze', ['verify', file])).toMatchObject({ status: 0, stderr: '' });
  });

  test('has a socket unit of its name, with the default port', () => {
    const socket = readFileSync(`${PROJECT}deploy/systemd/nfm-exporter.socket`, 'utf8');
    expect(socket).toMatch(/^\[Socket\]\nListenStream=10049$/m);
    expect(socket).toContain('\nWantedBy=sockets.target\n');
  });
});
