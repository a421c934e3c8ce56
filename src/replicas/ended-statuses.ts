import { createHash } from 'node:crypto';
import { background } from '../lib/background.ts';
import type { Logger } from '../lib/log.ts';
import type { Question } from '../model/question.ts';
import type { RegisterError, Registers } from './registers.ts';
import { type EndedValue, readAll, readEnded } from './values.ts';

export interface EndedStatusesOptions {
  readonly registers: Registers;
  readonly group: string;
  /** Milliseconds of the engine's clock. */
  readonly now: () => number;
  readonly log: Logger;
  /** Called with registers that cannot be read. */
  readonly refused: (error: RegisterError) => void;
}

/** How long a status is kept, in milliseconds. Afterward, a new leader polls the query once. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** The terminal statuses of watched queries, so that a new leader does not poll these queries again. */
export class EndedStatuses {
  readonly #options: EndedStatusesOptions;
  #known = new Map<string, EndedValue>();

  constructor(options: EndedStatusesOptions) {
    this.#options = options;
  }

  /** Reads all statuses. @throws RegisterError */
  async load(): Promise<void> {
    const { registers, refused } = this.#options;
    const values = readAll(this.#partition, await registers.list(this.#partition), readEnded, refused);
    this.#known = new Map(Array.from(values, ([name, { value }]) => [name, value]));
  }

  get(query: string, question: Question): EndedValue | undefined {
    return this.#known.get(nameOf(query, question));
  }

  /** Stores a status, unless it is stored already. A failure is logged only: the query is then polled after a takeover. */
  store(query: string, question: Question, status: string, since: number): void {
    const { registers, now, log } = this.#options;
    const name = nameOf(query, question);
    if (this.#known.has(name)) {
      return;
    }
    const value: EndedValue = { query, status, since: Math.round(since) };
    this.#known.set(name, value);
    const key = { partition: this.#partition, name };
    const written = registers.put(key, JSON.stringify(value), { expiresAt: now() + KEPT_MS });
    const stored = written.then(
      () => undefined,
      (error: unknown) => {
        log.debug('terminal status not stored', {
          query,
          reason: error instanceof Error ? error.message : String(error),
        });
      },
    );
    background(log, 'storing of a terminal status', stored);
  }

  get #partition(): string {
    return `${this.#options.group}/ended`;
  }
}

function nameOf(query: string, { asked }: Question): string {
  return createHash('sha256')
    .update(JSON.stringify([query, asked]))
    .digest('base64url');
}
