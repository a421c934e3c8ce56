import { createHash } from 'node:crypto';
import { background } from '../lib/background.ts';
import type { Question } from '../model/question.ts';
import { expectRegisterError } from './registers.ts';
import { type EndedValue, readAll, readEnded, type SharedRegisters } from './values.ts';

/** How long a status is kept, in milliseconds. Afterward, a new leader polls the query once. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** The terminal statuses of watched queries, so that a new leader does not poll these queries again. */
export class EndedStatuses {
  readonly #shared: SharedRegisters;
  readonly #partition: string;
  #known = new Map<string, EndedValue>();

  constructor(shared: SharedRegisters) {
    this.#shared = shared;
    this.#partition = `${shared.group}/ended`;
  }

  /** Reads all statuses. @throws RegisterError */
  async load(): Promise<void> {
    const values = await readAll(this.#shared, this.#partition, readEnded);
    this.#known = new Map(Array.from(values, ([name, { value }]) => [name, value]));
  }

  get(query: string, question: Question): EndedValue | undefined {
    return this.#known.get(nameOf(query, question));
  }

  /** Stores a status, unless it is stored already. A failure is logged only: the query is then polled after a takeover. */
  store(query: string, question: Question, status: string, since: number): void {
    const { registers, now, log } = this.#shared;
    const name = nameOf(query, question);
    if (this.#known.has(name)) {
      return;
    }
    const value: EndedValue = { query, status, since: Math.round(since) };
    this.#known.set(name, value);
    const key = { partition: this.#partition, name };
    const written = registers.put(key, JSON.stringify(value), { expiresAt: now() + KEPT_MS });
    const stored = written.catch((error: unknown) => {
      expectRegisterError(error);
      log.debug('terminal status not stored', { query, reason: error.message });
    });
    background(log, 'storing of a terminal status', stored);
  }
}

function nameOf(query: string, { asked }: Question): string {
  return createHash('sha256')
    .update(JSON.stringify([query, asked]))
    .digest('base64url');
}
