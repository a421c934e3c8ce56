import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startDaemon } from '../../src/daemon/daemon.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { loadConfig } from '../../src/queries/load.ts';
import { daemonOptions, runDaemon, setAwsEnvironment } from '../support/daemon.ts';
import { CLEAN_ENVIRONMENT, startCommand } from '../support/process.ts';
import { PROJECT } from '../support/project.ts';
import { RecordingLog } from '../support/recording-log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** An address without a listener. */
const NOWHERE = 'http://127.0.0.1:9';
/** An address of documentation (RFC 5737), which no machine has. */
const NOT_OURS = '192.0.2.1:10049';

/** The command line without its final `process.exit`: unreleased resources keep the process alive. */
const UNFORCED = `
  import { run } from '${PROJECT}build/cli/run.js';
  process.exitCode = await run(process.argv.slice(1));
  setTimeout(() => {
    process.stdout.write(JSON.stringify(process.getActiveResourcesInfo()));
    process.exit(99);
  }, 8_000).unref();
`;

interface Setting {
  readonly folder: string;
  readonly storage: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** A configuration that makes the daemon acquire one of each: a lock, timers, watchers, sockets. */
function setting(): Setting {
  const folder = temporaryFolder({ onTestFinished });
  const storage = join(folder, 'storage');
  mkdirSync(join(folder, 'found'));
  writeFileSync(join(folder, 'found', 'a.yml'), JSON.stringify({ queries: [{ monitorName: 'm', queryId: 'f' }] }));
  const config = {
    aws: { region: 'us-east-1', endpoint: NOWHERE, stsEndpoint: NOWHERE, maxAttempts: 1 },
    storage: { path: storage },
    discovery: { files: [join(folder, 'found', '*.yml')] },
    queries: [
      { name: 'watched', monitorName: 'm', queryId: 'i', interval: '1s' },
      {
        name: 'scheduled',
        monitorName: 'm',
        metricName: 'RETRANSMISSIONS',
        destinationCategory: 'INTER_AZ',
        schedule: { every: '1h', lookback: '1h', timeout: '10m' },
      },
    ],
  };
  return { folder, storage, config };
}

function configFile({ folder, config }: Setting): string {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** What of a lock is in the storage directory. */
function lockOf(storage: string): readonly string[] {
  return readdirSync(storage).filter((name) => /^(lock|socket|writing)/.test(name));
}

async function takenAddress(): Promise<string> {
  const server = createServer((socket: Socket) => socket.destroy()).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}

/** Runs the command line until nothing keeps it alive. */
async function runUnforced(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', UNFORCED, '--', ...args], {
    env: { ...CLEAN_ENVIRONMENT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [left, log] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, left, log };
}

beforeAll(() => setAwsEnvironment({}));

describe('a failed start', () => {
  it.each<[string, RegExp, (setting: Setting) => Promise<{ args?: readonly string[]; env?: Record<string, string> }>]>([
    [
      'because a port is taken',
      /ListenError/,
      async () => ({ args: [`--web.listen-address=${await takenAddress()}`] }),
    ],
    [
      'because the second of two addresses is not of this machine',
      /ListenError/,
      async () => ({ args: ['--web.listen-address=127.0.0.1:0', `--web.listen-address=${NOT_OURS}`] }),
    ],
    [
      'because the web configuration cannot be read',
      /cannot read/,
      async ({ folder }) => ({ args: [`--web.config.file=${join(folder, 'none.yml')}`] }),
    ],
    [
      'because the storage directory is a file',
      /StorageError/,
      async ({ storage }) => {
        writeFileSync(storage, '');
        return {};
      },
    ],
    ['because a proxy cannot be used', /socks5/, async () => ({ env: { HTTPS_PROXY: 'socks5://proxy.example:1080' } })],
    [
      'because authorities cannot be read',
      /NetworkConfigError/,
      async ({ folder }) => ({ env: { AWS_CA_BUNDLE: join(folder, 'none.pem') } }),
    ],
  ])('releases all resources %s', async (_why, reason, prepare) => {
    const used = setting();
    const { args = ['--web.listen-address=127.0.0.1:0'], env } = await prepare(used);
    const file = configFile(used);
    const { code, left, log } = await runUnforced([`--config.file=${file}`, ...args], env);
    expect(log).toMatch(reason);
    expect({ code, left }).toEqual({ code: 1, left: '' });
    if (reason.source !== 'StorageError') {
      mkdirSync(used.storage, { recursive: true });
      expect(lockOf(used.storage)).toEqual([]);
      await runDaemon({ onTestFinished }, used.config, { file });
    }
  });

  it('because the storage is in use keeps the lock of the holder', async () => {
    const used = setting();
    const file = configFile(used);
    const args = [`--config.file=${file}`, '--web.listen-address=127.0.0.1:0'];
    await startCommand({ onTestFinished }, args).url();
    const before = lockOf(used.storage);
    const { code, left, log } = await runUnforced(args);
    expect(log).toContain('StorageInUseError');
    expect({ code, left, lock: lockOf(used.storage) }).toEqual({ code: 1, left: '', lock: before });
  });
});

/** A clock on which no timer of some milliseconds can be set. Knows the timers that are neither over nor canceled. */
class FailingClock implements Clock {
  readonly now = systemClock.now;
  readonly monotonic = systemClock.monotonic;
  readonly pending = new Set<number>();
  readonly #failing: number;

  constructor(failing: number) {
    this.#failing = failing;
  }

  setTimer(ms: number, callback: () => void): () => void {
    if (ms === this.#failing) {
      throw new Error('planted');
    }
    // A timer's key is itself, since several may be as long.
    const key = ms + Math.random() / 1_000;
    this.pending.add(key);
    const cancel = systemClock.setTimer(ms, () => {
      this.pending.delete(key);
      callback();
    });
    return () => {
      this.pending.delete(key);
      cancel();
    };
  }
}

/** A log that fails when the daemon reports that it listens. */
class FailingLog extends RecordingLog {
  override readonly always = () => {
    throw new Error('planted');
  };
}

describe('a start with an unexpected failure', () => {
  async function start(clock: FailingClock, log: RecordingLog): Promise<Setting & { readonly failure: unknown }> {
    const used = setting();
    const read = { file: configFile(used), env: {}, fallbackRegion: async () => 'us-east-1' };
    const loaded = await loadConfig(JSON.stringify(used.config), read);
    const options = daemonOptions({ loaded, read, clock, log, autoReloadInterval: 60_000, adminApi: true });
    const failure = await startDaemon(options).then(
      (daemon) => daemon.stop(5_000),
      (error: unknown) => error,
    );
    return { ...used, failure };
  }

  it.each<[string, number, new () => RecordingLog]>([
    ['while the storage is opened', 3_600_000, RecordingLog],
    ['while the discovery files are followed', 50, RecordingLog],
    ['after the addresses are open', 0, FailingLog],
    ['after queries are polled', 15 * 60_000, RecordingLog],
  ])('%s releases timers and lock', async (_when, failing, Log) => {
    const clock = new FailingClock(failing);
    const { storage, failure } = await start(clock, new Log());
    expect(String(failure)).toBe('Error: planted');
    await expect.poll(() => [...clock.pending]).toEqual([]);
    expect(lockOf(storage)).toEqual([]);
  });

  it('is released like a daemon on shutdown', async () => {
    const clock = new FailingClock(-1);
    const { storage, failure } = await start(clock, new RecordingLog());
    expect({ failure, lock: lockOf(storage) }).toEqual({ failure: undefined, lock: [] });
    await expect.poll(() => [...clock.pending]).toEqual([]);
  });
});
