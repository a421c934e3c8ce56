import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { ExpositionPage } from '../support/exposition-page.ts';
import { type Command, startCommand } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const WAIT = { timeout: 20_000, interval: 50 };

/** The text of a configuration file with queries whose endpoint does not exist. */
function textOf(names: readonly string[], more: object = {}): string {
  return JSON.stringify({
    web: { listenAddresses: ['127.0.0.1:0'] },
    aws: { region: 'us-east-1', endpoint: 'http://127.0.0.1:9', stsEndpoint: 'http://127.0.0.1:9', maxAttempts: 1 },
    polling: { interval: '10h' },
    discovery: { monitorsEvery: '0s' },
    queries: names.map((name) => ({ name, monitorName: 'm', queryId: name })),
    ...more,
  });
}

async function pageOf(exporter: Command): Promise<ExpositionPage> {
  return new ExpositionPage(await (await fetch(`${await exporter.url()}/metrics`)).text());
}

async function waitForQueries(exporter: Command, names: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const page = await pageOf(exporter);
    expect(page.samples('aws_nfm_query_info').map(({ labels }) => labels['query'])).toEqual(names);
  }, WAIT);
}

function count(exporter: Command, msg: string): number {
  return exporter.log().filter((event) => event['msg'] === msg).length;
}

describe('SIGHUP', () => {
  test('rejects a pipe, which may never end, and reloads the next file', async (scope) => {
    const file = join(temporaryFolder(), 'nfm-exporter.json');
    writeFileSync(file, textOf(['a']));
    const exporter = startCommand(scope, [`--config.file=${file}`]);
    await waitForQueries(exporter, ['a']);
    rmSync(file);
    execFileSync('mkfifo', [file]);
    exporter.kill('SIGHUP');
    expect(await exporter.event('configuration not reloaded')).toMatchObject({
      error: `cannot read ${file}: it is not a regular file`,
    });
    rmSync(file);
    writeFileSync(file, textOf(['b']));
    exporter.kill('SIGHUP');
    await waitForQueries(exporter, ['b']);
  });

  test('reloads the file, and ignores an invalid one', async (scope) => {
    const file = join(temporaryFolder(), 'nfm-exporter.json');
    writeFileSync(file, textOf(['a']));
    const exporter = startCommand(scope, [`--config.file=${file}`]);
    await waitForQueries(exporter, ['a']);
    writeFileSync(file, textOf(['a', 'b']));
    exporter.kill('SIGHUP');
    expect(await exporter.event('configuration reloaded')).toMatchObject({
      level: 'info',
      added: '1',
      changed: '0',
      removed: '0',
    });
    await waitForQueries(exporter, ['a', 'b']);

    writeFileSync(file, textOf([]).slice(0, -20));
    exporter.kill('SIGHUP');
    expect(await exporter.event('configuration not reloaded')).toMatchObject({ level: 'error', file });
    const page = await pageOf(exporter);
    expect(page.value('aws_nfm_exporter_config_last_reload_successful')).toBe(0);
    await waitForQueries(exporter, ['a', 'b']);
  });

  test('sets the level of the log, unless the flag does', async (scope) => {
    const start = (...flags: readonly string[]) => {
      const file = join(temporaryFolder(), 'nfm-exporter.json');
      writeFileSync(file, textOf([], { log: { level: 'error' } }));
      return { file, exporter: startCommand(scope, [`--config.file=${file}`, ...flags]) };
    };
    const loud = start();
    const quiet = start('--log.level=error');
    for (const { file, exporter } of [loud, quiet]) {
      await exporter.url();
      writeFileSync(file, textOf(['a'], { log: { level: 'info' } }));
      exporter.kill('SIGHUP');
      await waitForQueries(exporter, ['a']);
    }
    expect(count(loud.exporter, 'configuration reloaded')).toBe(1);
    expect(count(quiet.exporter, 'configuration reloaded')).toBe(0);
  });

  test('loads the last content after many signals at any time', async (scope) => {
    const file = join(temporaryFolder(), 'nfm-exporter.json');
    writeFileSync(file, textOf(['a0']));
    const exporter = startCommand(scope, [`--config.file=${file}`]);
    await exporter.url();
    for (let i = 1; i <= 200; i += 1) {
      writeFileSync(file, textOf([`a${i}`]));
      exporter.kill('SIGHUP');
      if (i % 20 === 0) {
        await fetch(`${await exporter.url()}/metrics`);
      }
    }
    await waitForQueries(exporter, ['a200']);
    expect((await pageOf(exporter)).value('aws_nfm_exporter_registered_queries', { source: 'config' })).toBe(1);

    for (let i = 0; i < 20; i += 1) {
      exporter.kill('SIGHUP');
    }
    exporter.kill('SIGTERM');
    for (const end = exporter.ended.then(() => 'ended'); (await Promise.race([end, pause(1)])) !== 'ended'; ) {
      exporter.kill('SIGHUP');
    }
    expect((await exporter.ended).code).toBe(0);
  });
});

describe('--config.auto-reload-interval', () => {
  test('reloads a file with changed content, but not one that was only touched', async (scope) => {
    const file = join(temporaryFolder(), 'nfm-exporter.json');
    writeFileSync(file, textOf(['a']));
    const exporter = startCommand(scope, [`--config.file=${file}`, '--config.auto-reload-interval=50ms']);
    await waitForQueries(exporter, ['a']);
    utimesSync(file, new Date(), new Date());
    writeFileSync(file, textOf(['a']));
    writeFileSync(file, textOf(['a', 'b']));
    await waitForQueries(exporter, ['a', 'b']);
    expect(count(exporter, 'configuration reloaded')).toBe(1);

    writeFileSync(file, textOf(['a', 'b'], { polling: { interval: 'often' } }));
    await exporter.event('configuration not reloaded');
    utimesSync(file, new Date(), new Date());
    writeFileSync(file, textOf(['c']));
    await waitForQueries(exporter, ['c']);
    expect(count(exporter, 'configuration not reloaded')).toBe(1);
    expect(count(exporter, 'configuration reloaded')).toBe(2);
  });

  test('logs an invalid or missing file once', async (scope) => {
    const directory = temporaryFolder();
    const file = join(directory, 'nfm-exporter.json');
    writeFileSync(file, textOf(['a']));
    const exporter = startCommand(scope, [`--config.file=${file}`, '--config.auto-reload-interval=20ms']);
    await waitForQueries(exporter, ['a']);
    renameSync(file, join(directory, 'elsewhere.json'));
    await exporter.event('configuration not reloaded');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(count(exporter, 'configuration not reloaded')).toBe(1);
    renameSync(join(directory, 'elsewhere.json'), file);
    await exporter.event('configuration reloaded');
    expect((await pageOf(exporter)).value('aws_nfm_exporter_config_last_reload_successful')).toBe(1);
  });

  test('reloads a ConfigMap that Kubernetes replaces', async (scope) => {
    const directory = temporaryFolder();
    const write = (version: string, names: readonly string[]) => {
      mkdirSync(join(directory, version));
      writeFileSync(join(directory, version, 'nfm-exporter.json'), textOf(names));
      symlinkSync(version, join(directory, '..data_tmp'));
      renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    write('..2026_01', ['a']);
    const file = join(directory, 'nfm-exporter.json');
    symlinkSync('..data/nfm-exporter.json', file);
    const exporter = startCommand(scope, [`--config.file=${file}`, '--config.auto-reload-interval=50ms']);
    await waitForQueries(exporter, ['a']);
    write('..2026_02', ['b']);
    await waitForQueries(exporter, ['b']);
  });

  test('rejects a value that is not a duration', async (scope) => {
    const exporter = startCommand(scope, ['--config.file=x', '--config.auto-reload-interval=often']);
    const { code, stderr } = await exporter.ended;
    expect(code).toBe(2);
    expect(stderr).toContain('--config.auto-reload-interval');
  });
});
