import type { Clock } from '../../lib/clock.ts';
import { printable } from '../../lib/text.ts';
import type { FinishedQuery } from './finished-query.ts';
import { Progress } from './progress.ts';
import type { QueryView } from './query-view.ts';
import { renderResults } from './render-results.ts';
import { cut } from './text-table.ts';

/** A terminal that supports cursor movement. */
export interface Terminal {
  write(text: string): void;
  readonly columns: () => number;
  readonly rows: () => number;
  /** Calls `listener` when the size changes. Returns a function that ends this. */
  onResize(listener: () => void): () => void;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';
const CLEAR_LINE = '\u001b[2K';
/** The last two lines of the screen: the newest message, and the current step. */
const LINES_BELOW = 2;

/**
 * Shows the results of the newest window on the alternate screen of a terminal, as `top` does. When it ends, the
 * terminal is as before, with the last results below.
 */
export class ScreenView implements QueryView {
  readonly #terminal: Terminal;
  readonly #progress: Progress;
  readonly #endResizing: () => void;
  #finished: FinishedQuery | undefined;
  #message = '';
  #isOpen = true;

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    const { write, columns } = terminal;
    this.#progress = new Progress({ write: (text) => write(text), isTerminal: true, columns }, clock);
    this.#endResizing = terminal.onResize(() => this.#draw('\u001b[2J'));
    this.#draw(ENTER);
  }

  show(text: string): void {
    this.#progress.show(text);
  }

  print(line: string): void {
    this.#message = printable(line);
    this.#draw('');
  }

  restart(): void {
    this.#progress.restart();
  }

  showResults(finished: FinishedQuery): void {
    const { notes } = renderResults(finished, { columns: this.#terminal.columns(), place: 'only' });
    this.#finished = finished;
    this.print(notes.join('; '));
  }

  showWait(text: string): void {
    this.#progress.show(text);
  }

  end(): void {
    if (!this.#isOpen) {
      return;
    }
    this.#isOpen = false;
    this.#progress.stop();
    this.#endResizing();
    this.#terminal.write(
      `${LEAVE}${this.#results()
        .map((line) => `${line}\n`)
        .join('')}`,
    );
  }

  /** The step is on the last line, where the cursor stays. */
  #draw(before: string): void {
    const [columns, rows] = [this.#terminal.columns(), this.#terminal.rows()];
    const height = Math.max(0, rows - LINES_BELOW);
    const lines = this.#results();
    const fitting =
      lines.length <= height ? lines : [...lines.slice(0, height - 1), moreLines(lines.length - height + 1)];
    const screen = Array.from({ length: height }, (_, row) => fitting[row] ?? '').concat(this.#message);
    const drawn = screen.map((line, row) => `\u001b[${row + 1};1H${CLEAR_LINE}${cut(line, columns)}`);
    const isNew = before !== '';
    this.#terminal.write(
      `${before}${isNew ? `\u001b[${rows};1H` : ''}${SAVE_CURSOR}${drawn.join('')}${RESTORE_CURSOR}`,
    );
  }

  #results(): readonly string[] {
    const finished = this.#finished;
    if (finished === undefined) {
      return [];
    }
    const { text } = renderResults(finished, { columns: this.#terminal.columns(), place: 'only' });
    return text.trimEnd().split('\n');
  }
}

function moreLines(count: number): string {
  return `… ${count} more: enlarge the terminal, or set a lower --limit`;
}
