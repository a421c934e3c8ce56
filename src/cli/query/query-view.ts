import type { Clock } from '../../lib/clock.ts';
import type { FinishedQuery } from './finished-query.ts';
import { Progress, type ProgressStream } from './progress.ts';
import { type Rendering, renderResults } from './render-results.ts';

/** What a query shows while it runs. */
export interface Steps {
  /** Shows the current step, from now on. */
  show(text: string): void;
  /** Prints a permanent line. */
  print(line: string): void;
}

/** Where the steps and results of queries appear. */
export interface QueryView extends Steps {
  /** Restarts the elapsed time for the next query. */
  restart(): void;
  /** @throws {InvalidResponse} for a unit that the metric does not have */
  showResults(finished: FinishedQuery): void;
  /** Shows that nothing happens until a time. */
  showWait(text: string): void;
  /** Ends the view, and leaves only what is permanent. A second call has no effect. */
  end(): void;
}

export interface OutputStream {
  write(text: string): void;
  /** Columns of the terminal. Undefined if the stream is not a terminal. */
  readonly columns: () => number | undefined;
}

/** Writes results to one stream, one after the other, and steps to another. */
export class PlainView implements QueryView {
  readonly #stdout: OutputStream;
  readonly #progress: Progress;
  #place: Rendering['place'];

  /** @param isRepeated the results of many windows are shown */
  constructor(stdout: OutputStream, stderr: ProgressStream, clock: Clock, { isRepeated }: { isRepeated: boolean }) {
    this.#stdout = stdout;
    this.#progress = new Progress(stderr, clock);
    this.#place = isRepeated ? 'first' : 'only';
  }

  show(text: string): void {
    this.#progress.show(text);
  }

  print(line: string): void {
    this.#progress.print(line);
  }

  restart(): void {
    this.#progress.restart();
  }

  showResults(finished: FinishedQuery): void {
    this.#progress.stop();
    const { text, notes } = renderResults(finished, { columns: this.#stdout.columns(), place: this.#place });
    this.#place = 'next';
    this.#stdout.write(text);
    for (const note of notes) {
      this.#progress.print(note);
    }
  }

  showWait(text: string): void {
    this.#progress.stop();
    this.#progress.print(text);
  }

  end(): void {
    this.#progress.stop();
  }
}
