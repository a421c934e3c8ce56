import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedDirectory } from '../../scripts/cached-directory.mjs';
import { postgresqlPrograms } from '../../scripts/debian-tools.mjs';
import { tlsFixture } from '../aws/local-network.ts';
import type { TestScope } from './daemon.ts';
import { freePort } from './loopback-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** PostgreSQL refuses to run as root. The user without any files, which exists everywhere, owns its files then. */
const UNPRIVILEGED = 65_534;
const OWNER = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};

const PASSWORD = 'hunter2';

/** Segments of 1 MB instead of 16, since a new one is written in full. */
const INITDB_FLAGS = ['--no-sync', '--encoding=UTF8', '--username=nfm', '--auth=scram-sha-256', '--wal-segsize=1'];

/** Removes one of its three databases, which are most of its files. `CREATE DATABASE` copies another one. */
const WITHOUT_TEMPLATE = `UPDATE pg_database SET datistemplate = false WHERE datname = 'template0';
DROP DATABASE template0;
`;

const run = promisify(execFile);

/** Files of a certificate. */
interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A server of its own on the loopback address, with files in a temporary directory. */
export interface Postgresql {
  readonly port: number;
  /** Directory of its data. */
  readonly data: string;
  /** URL of its database, with a password. `parameters` are the text after `?`. */
  url(parameters?: string, port?: number): string;
  /** Runs SQL as the superuser, and returns its output without headers. */
  sql(text: string): string;
  /** Sends a signal to the server and all its processes. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again after its end. */
  start(): Promise<void>;
  /** Shuts it down. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` of all its processes does. */
  kill(): Promise<void>;
}

/** Creates and starts a server. It ends with the scope. */
export async function startPostgresql({ onTestFinished }: TestScope, tls?: CertificateFiles): Promise<Postgresql> {
  const { initdb, postgres, psql } = postgresqlPrograms();
  const folder = ownFolder();
  const data = join(folder, 'data');
  const port = await freePort();
  const options = optionsIn(folder);
  await copy(await emptyData({ initdb, postgres }), data);
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: 30,
    superuser_reserved_connections: 3,
    shared_buffers: '16MB',
    ...(tls === undefined ? {} : { ssl: 'on', ssl_cert_file: tls.cert, ssl_key_file: tls.key }),
  };
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let server: ChildProcess | undefined;
  const url = (parameters = 'sslmode=disable', through = port) =>
    `postgresql://nfm:${PASSWORD}@127.0.0.1:${through}/postgres?${parameters}`;
  const sql = (text: string) =>
    execFileSync(psql, ['--no-psqlrc', '--tuples-only', '--no-align', url(''), '--command', text], {
      ...options,
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim();
  const signal = (name: NodeJS.Signals) => {
    for (const pid of server?.pid === undefined ? [] : treeOf(server.pid)) {
      try {
        process.kill(pid, name);
      } catch {
        // It has ended since.
      }
    }
  };
  const end = async (name: NodeJS.Signals) => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit');
      signal('SIGCONT');
      if (name === 'SIGKILL') {
        signal(name);
      } else {
        server.kill(name);
      }
      await ended;
    }
  };
  const start = async () => {
    server = spawn(postgres, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    let log = '';
    await new Promise<void>((resolve, reject) => {
      server?.stderr?.setEncoding('utf8').on('data', (text: string) => {
        log += text;
        if (log.includes('database system is ready to accept')) {
          resolve();
        }
      });
      server?.once('exit', () => reject(new Error(log)));
    });
  };
  onTestFinished(async () => {
    // Removes its shared memory, too.
    await end('SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return { port, data, url, sql, signal, start, stop: () => end('SIGINT'), kill: () => end('SIGKILL') };
}

/**
 * The files of an empty server, in the cache of the project. `initdb` creates them once: it takes as long as the start of an
 * exporter, and a copy a tenth of that.
 */
async function emptyData({ initdb, postgres }: Readonly<Record<'initdb' | 'postgres', string>>): Promise<string> {
  const { mtimeMs, size } = statSync(initdb);
  const key = JSON.stringify([initdb, mtimeMs, size, OWNER, INITDB_FLAGS, WITHOUT_TEMPLATE, PASSWORD]);
  const template = await cachedDirectory('postgresql', key, async (directory) => {
    const folder = ownFolder();
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD);
    own(passwordFile);
    const created = join(folder, 'data');
    await run(initdb, [`--pgdata=${created}`, ...INITDB_FLAGS, `--pwfile=${passwordFile}`], optionsIn(folder));
    const single = ['--single', '-F', '-D', created, 'postgres'];
    execFileSync(postgres, single, { ...optionsIn(folder), input: WITHOUT_TEMPLATE, stdio: 'pipe' });
    await copy(created, join(directory, 'data'));
    rmSync(folder, { recursive: true, force: true });
  });
  return join(template, 'data');
}

/** With owners and permissions. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-rp', from, to]);
}

/** A temporary directory of the user that runs the server. */
function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nfm-postgresql-'));
  own(folder);
  return folder;
}

function optionsIn(folder: string) {
  return { ...OWNER, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } };
}

/** Copies a certificate for a server: it requires that only its user can read the key. */
export function ownCertificate(scope: TestScope, name: string): CertificateFiles {
  const folder = temporaryFolder(scope);
  chmodSync(folder, 0o755);
  const copied = (file: string) => {
    const path = join(folder, file);
    copyFileSync(tlsFixture(file), path);
    chmodSync(path, 0o600);
    own(path);
    return path;
  };
  return { cert: copied(`${name}.pem`), key: copied(`${name}-key.pem`) };
}

/** Gives a file to the user that runs the server. */
function own(path: string): void {
  if (OWNER.uid !== undefined) {
    chownSync(path, OWNER.uid, OWNER.gid);
  }
}

/** A process and its children. PostgreSQL has no further levels. */
function treeOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}
