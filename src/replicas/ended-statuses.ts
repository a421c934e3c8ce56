import { createHash } from 'node:crypto';
import { background } from '../lib/background.ts';
import type { Question } from '../model/question.ts';
import { expectRegisterError } from './registers.ts';
import { type EndedValue, readAll, readEnded, type SharedRegisters } from './values.ts';

/** How long a status is kept, in milliseconds. Afterward, a new leader polls the query once. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** The terminal statuses of watched queries, so that a new leader does not poll these queries again. */
export function endedStatuses(shared: SharedRegisters) {
  const { registers, group, now, log } = shared;
  const partition = `${group}/ended`;
  let known = new Map<string, EndedValue>();
  return {
    /** Reads all statuses. @throws RegisterError */
    async load(): Promise<void> {
      const values = await readAll(shared, partition, readEnded);
      known = new Map(Array.from(values, ([name, { value }]) => [name, value]));
    },
    get(query: string, question: Question): EndedValue | undefined {
      return known.get(nameOf(query, question));
    },
    /** Stores a status, unless it is stored already. A failure is logged only: the query is then polled after a takeover. */
    store(query: string, question: Question, status: string, since: number): void {
      const name = nameOf(query, question);
      if (known.has(name)) {
        return;
      }
      const value: EndedValue = { query, status, since: Math.round(since) };
      known.set(name, value);
      const written = registers.put({ partition, name }, JSON.stringify(value), { expiresAt: now() + KEPT_MS });
      const stored = written.catch((error: unknown) => {
        expectRegisterError(error);
        log.debug('terminal status not stored', { query, reason: error.message });
      });
      background(log, 'storing of a terminal status', stored);
    },
  };
}

function nameOf(query: string, { asked }: Question): string {
  return createHash('sha256')
    .update(JSON.stringify([query, asked]))
    .digest('base64url');
}
