import type { QueryResultRow } from 'pg';
import { withoutSecrets } from '../../aws/redaction.ts';
import type { PostgresqlAddress } from '../../config/postgresql-url.ts';
import {
  Conflict,
  type Register,
  type RegisterEngine,
  RegisterError,
  type RegisterFailure,
} from '../../replicas/registers.ts';
import { Sessions } from './postgresql-session.ts';
import { GET, INSERT, PAGE, PAGE_ROWS, REPLACE } from './postgresql-statements.ts';

interface TimeRow {
  readonly time: number;
}

interface RegisterRow extends TimeRow {
  /** Null if there is none. */
  readonly value: string | null;
  readonly version: string | null;
}

interface PageRow extends RegisterRow {
  readonly name: string | null;
  /** Number of registers of the page without its limit of bytes. */
  readonly found: number;
}

/**
 * Registers in a table of a PostgreSQL database. Each call is one statement, which is a transaction of its own.
 *
 * @param env variables with files of certificate authorities
 * @throws NetworkConfigError if such a file is invalid
 */
export function postgresqlEngine(address: PostgresqlAddress, env: NodeJS.ProcessEnv): RegisterEngine {
  const sessions = new Sessions(address, env);
  const query = async <Row extends QueryResultRow>(
    text: string,
    values: (string | number | null)[],
    signal: AbortSignal,
  ): Promise<readonly Row[]> => {
    try {
      return (await sessions.run((client) => client.query<Row>(text, values), isOfStatement, signal)).rows;
    } catch (error) {
      throw error instanceof RegisterError ? error : failureOf(error, signal);
    }
  };
  return {
    kind: 'postgresql',
    description: `database ${address.database} at ${address.host}:${address.port}`,
    async get({ partition, name }, signal) {
      const [row] = await query<RegisterRow>(GET, [partition, name], signal);
      return { result: row && registerOf(row), time: row?.time };
    },
    async put({ key, value, version, ifVersion, expiresAt }, signal) {
      const expiry = expiresAt === undefined ? null : Math.ceil(expiresAt);
      const values = [key.partition, key.name, value, version, expiry];
      const [row] =
        ifVersion === undefined
          ? await query<TimeRow>(INSERT, values, signal)
          : await query<TimeRow>(REPLACE, [...values, ifVersion], signal);
      if (row === undefined) {
        throw new Conflict();
      }
      return { result: undefined, time: row.time };
    },
    async page(partition, after, signal) {
      const rows = await query<PageRow>(PAGE, [partition, after ?? null], signal);
      const registers = rows.flatMap(({ name, ...row }) => {
        const register = registerOf(row);
        return name === null || register === undefined ? [] : [{ name, ...register }];
      });
      const { found = 0, time } = rows[0] ?? {};
      const isLast = registers.length === found && found < PAGE_ROWS;
      return { result: { registers, next: isLast ? undefined : registers.at(-1)?.name }, time };
    },
    close: () => sessions.close(),
  };
}

function registerOf({ value, version }: Pick<RegisterRow, 'value' | 'version'>): Register | undefined {
  return value === null || version === null ? undefined : { value, version };
}

/** Kinds of failures by SQLSTATE, or its class of two characters. */
const FAILURES: Readonly<Record<string, RegisterFailure>> = {
  '08': 'unreachable',
  '22': 'invalid',
  '23': 'invalid',
  '28': 'denied',
  '40': 'throttled',
  '42501': 'denied',
  '53': 'throttled',
  '55': 'throttled',
  '57': 'unreachable',
  '57014': 'timeout',
};

/** SQLSTATE of an error of the server. Node's errors have longer codes, or no severity. */
function stateOf(error: unknown): string | undefined {
  return error instanceof Error && 'severity' in error && 'code' in error ? String(error.code) : undefined;
}

/** Whether the session is usable after the error: the statement failed, not the connection. */
function isOfStatement(error: unknown): boolean {
  const kind = FAILURES[stateOf(error)?.slice(0, 2) ?? '08'];
  return kind !== 'unreachable' && kind !== 'denied';
}

function failureOf(error: unknown, signal: AbortSignal): RegisterError {
  const message = withoutSecrets(error instanceof Error ? error.message : String(error));
  const state = stateOf(error);
  if (signal.aborted || (state === undefined && /timeout/i.test(message))) {
    return new RegisterError('timeout', 'no reply in time', { cause: error });
  }
  const kind = state === undefined ? 'unreachable' : (FAILURES[state] ?? FAILURES[state.slice(0, 2)] ?? 'other');
  return new RegisterError(kind, state === undefined ? message : `${message} (SQLSTATE ${state})`, { cause: error });
}
