import { Socket } from 'node:net';
import type { Pool, PoolClient, PoolConfig } from 'pg';
import { readAuthorities, readCertificates, trustOf } from '../../aws/network/trust.ts';
import type { PostgresqlAddress } from '../../config/postgresql-url.ts';
import { lazy, untilAborted } from '../../lib/concurrency.ts';
import { RegisterError } from '../../replicas/registers.ts';
import { ignoring } from '../storage/storage-error.ts';
import { CREATE } from './postgresql-statements.ts';

/** Most connections of one exporter. Calls are short. */
const CONNECTIONS = 4;
/** Time limit for a connection, since a call whose time is over cannot cancel it, in milliseconds. */
const CONNECT_MS = 5_000;

/** SQLSTATEs of a creation at the same moment as that of another session. */
const CREATED_BY_OTHER = ['23505', '42P07', '42710'];

/** Connections to one database, opened when needed, and again after a failure. */
export class Sessions {
  readonly #pool: () => Promise<Pool>;
  readonly #checked = new WeakSet<PoolClient>();
  #isClosed = false;
  readonly #sockets = new Set<Socket>();

  /** @param env variables with files of certificate authorities @throws NetworkConfigError if such a file is invalid */
  constructor(address: PostgresqlAddress, env: NodeJS.ProcessEnv) {
    const config = configOf(address, env);
    this.#pool = lazy(async () => {
      const { default: pg } = await import('pg');
      const pool = new pg.Pool({ ...config, stream: () => this.#openSocket() });
      // The error of a connection is also that of its call, and an idle connection is replaced.
      pool.on('error', () => undefined);
      pool.on('connect', (client) => client.on('error', () => undefined));
      return pool;
    });
  }

  /**
   * Runs `work` in a session. When `signal` aborts, rejects with its reason, and closes the connection. It is also closed after an
   * error that `isHarmless` does not accept.
   */
  async run<T>(
    work: (client: PoolClient) => Promise<T>,
    isHarmless: (error: unknown) => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    const pool = await this.#pool();
    const connecting = pool.connect();
    const client = await untilAborted(connecting, signal).catch((error: unknown) => {
      // A connection that is made later is for the next call. The caller has its error already if it fails.
      connecting.then(
        (late) => late.release(),
        () => undefined,
      );
      throw error;
    });
    try {
      const result = await untilAborted(
        this.#checkedOnce(client).then(() => work(client)),
        signal,
      );
      client.release();
      return result;
    } catch (error) {
      client.release(signal.aborted || !isHarmless(error));
      throw error;
    }
  }

  /** Closes all connections, including those that are being made. Calls in flight fail. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      const pool = await this.#pool();
      const ended = pool.end();
      for (const socket of this.#sockets) {
        socket.destroy();
      }
      await ended;
    }
  }

  #openSocket(): Socket {
    const socket = new Socket();
    this.#sockets.add(socket);
    return socket.once('close', () => this.#sockets.delete(socket));
  }

  /** Checks a new session, and creates the registers if they do not exist. @throws RegisterError for a standby */
  async #checkedOnce(client: PoolClient): Promise<void> {
    if (this.#checked.has(client)) {
      return;
    }
    const { rows } = await client.query<{ standby: boolean; exists: boolean }>(
      `SELECT pg_is_in_recovery() AS standby, to_regclass('nfm_registers') IS NOT NULL AS exists,
        CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`,
    );
    if (rows[0]?.standby) {
      throw new RegisterError('other', 'the server is a standby, whose registers may be old: connect to the primary');
    }
    if (!rows[0]?.exists) {
      await client.query(CREATE).catch(ignoring(CREATED_BY_OTHER));
    }
    this.#checked.add(client);
  }
}

function configOf(address: PostgresqlAddress, env: NodeJS.ProcessEnv): PoolConfig {
  const { host, port, database, user, password, sslMode } = address;
  return {
    ...{ host, port, database, user, password },
    ssl: sslMode !== 'disable' && tlsOf(address, env),
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: 'nfm-exporter',
  };
}

function tlsOf({ sslMode, sslRootCert }: PostgresqlAddress, env: NodeJS.ProcessEnv): PoolConfig['ssl'] {
  const own = sslRootCert && readCertificates('storage.postgresql.url', sslRootCert);
  return {
    ...trustOf(own || readAuthorities(env))(),
    rejectUnauthorized: sslMode !== 'require',
    ...(sslMode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}
