import { formatDuration } from '../../config/reading/texts.ts';
import type { Clock } from '../../lib/clock.ts';
import { printable } from '../../lib/text.ts';
import { type FinishedQuery, type Rendering, renderResults } from './render-results.ts';
import { cut } from './results-table.ts';

/** Where the steps and results of queries appear. */
export interface QueryView extends Pick<Progress, 'show' | 'print' | 'restart' | 'end'> {
  /** @throws {InvalidResponse} for a unit that the metric does not have */
  showResults(finished: FinishedQuery): void;
  /** Shows that nothing happens until a time. */
  showWait(text: string): void;
}

interface OutputStream {
  write(text: string): void;
  /** Columns of the terminal. Undefined if the stream is not a terminal, or its size is unknown. */
  readonly columns: () => number | undefined;
}

interface ProgressStream extends OutputStream {
  /** Supports cursor movement: the progress is one changing line. */
  readonly isTerminal: boolean;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a spinner, interval at which an unchanged line is repeated, so that a log shows activity. */
const REMINDER_MS = 30_000;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows the current step and its duration until `end`: on a terminal as a changing line, otherwise as one line per change. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  #startedAt: number;
  #text = '';
  #frame = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(stream: ProgressStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** Shows a step from now on. */
  show(text: string): void {
    const changed = text !== this.#text;
    this.#text = text;
    if (this.#stream.isTerminal) {
      this.#draw();
    } else if (changed) {
      this.#writeLine();
    }
  }

  /** Prints a permanent line. */
  print(line: string): void {
    const text = `${printable(line)}\n`;
    if (this.#stream.isTerminal) {
      this.#stream.write(`${CLEAR_LINE}${text}`);
      this.#draw();
    } else {
      this.#stream.write(text);
    }
  }

  restart(): void {
    this.#startedAt = this.#clock.monotonic();
  }

  /** Ends the progress, and leaves only the permanent lines. A second call has no effect. */
  end(): void {
    this.#cancelTimer();
    if (this.#stream.isTerminal && this.#text !== '') {
      this.#stream.write(CLEAR_LINE);
    }
    this.#text = '';
  }

  #draw(): void {
    this.#cancelTimer();
    if (this.#text === '') {
      return;
    }
    const frame = FRAMES[this.#frame % FRAMES.length] ?? '';
    this.#frame += 1;
    // One column remains free: a full line would wrap, and could not be replaced.
    const columns = (this.#stream.columns() ?? DEFAULT_COLUMNS) - 1;
    this.#stream.write(`${CLEAR_LINE}${cut(`${frame} ${this.#line()}`, columns)}`);
    this.#cancelTimer = this.#clock.setTimer(FRAME_MS, () => this.#draw());
  }

  #writeLine(): void {
    this.#cancelTimer();
    this.#stream.write(`${this.#line()}\n`);
    this.#cancelTimer = this.#clock.setTimer(REMINDER_MS, () => this.#writeLine());
  }

  #line(): string {
    const seconds = Math.floor((this.#clock.monotonic() - this.#startedAt) / 1_000);
    return `${printable(this.#text)} (${formatDuration(seconds * 1_000)})`;
  }
}

/** Writes results to one stream, one after the other, and steps to another. */
export class PlainView extends Progress implements QueryView {
  readonly #stdout: OutputStream;
  #place: Rendering['place'];

  /** @param isRepeated the results of many windows are shown */
  constructor(stdout: OutputStream, stderr: ProgressStream, clock: Clock, { isRepeated }: { isRepeated: boolean }) {
    super(stderr, clock);
    this.#stdout = stdout;
    this.#place = isRepeated ? 'first' : 'only';
  }

  showResults(finished: FinishedQuery): void {
    this.end();
    const { text, notes } = renderResults(finished, { columns: this.#stdout.columns(), place: this.#place });
    this.#place = 'next';
    this.#stdout.write(text);
    for (const note of notes) {
      this.print(note);
    }
  }

  showWait(text: string): void {
    this.end();
    this.print(text);
  }
}

/** A terminal that supports cursor movement. */
export interface Terminal extends OutputStream {
  readonly columns: () => number;
  readonly rows: () => number;
  /** Calls `listener` when the size changes. Returns a function that ends this. */
  onResize(listener: () => void): () => void;
}

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[?25h\u001b[?1049l';
/** The last two lines of the screen: the newest message, and the current step. */
const LINES_BELOW = 2;

/** Shows the results of the newest window on the alternate screen of a terminal, as `top` does. Only the last ones remain. */
export class ScreenView extends Progress implements QueryView {
  readonly #terminal: Terminal;
  readonly #endResizing: () => void;
  #finished: FinishedQuery | undefined;
  #message = '';
  #isOpen = true;

  constructor(terminal: Terminal, clock: Clock) {
    super({ ...terminal, isTerminal: true }, clock);
    this.#terminal = terminal;
    this.#endResizing = terminal.onResize(() => this.#drawScreen('\u001b[2J'));
    this.#drawScreen(ENTER);
  }

  override print(line: string): void {
    this.#message = printable(line);
    this.#drawScreen('');
  }

  showResults(finished: FinishedQuery): void {
    const { notes } = renderResults(finished, { columns: this.#terminal.columns(), place: 'only' });
    this.#finished = finished;
    this.print(notes.join('; '));
  }

  showWait(text: string): void {
    this.show(text);
  }

  override end(): void {
    if (this.#isOpen) {
      this.#isOpen = false;
      super.end();
      this.#endResizing();
      this.#terminal.write(
        LEAVE +
          this.#results()
            .map((line) => `${line}\n`)
            .join(''),
      );
    }
  }

  /** The step is on the last line, where the cursor stays. */
  #drawScreen(before: string): void {
    const [columns, rows] = [this.#terminal.columns(), this.#terminal.rows()];
    const height = Math.max(0, rows - LINES_BELOW);
    const lines = this.#results();
    const more = `… ${lines.length - height + 1} more: enlarge the terminal, or set a lower --limit`;
    const fitting = lines.length <= height ? lines : [...lines.slice(0, height - 1), more];
    const screen = Array.from({ length: height }, (_, row) => fitting[row] ?? '').concat(this.#message);
    const drawn = screen.map((line, row) => `\u001b[${row + 1};1H\u001b[2K${cut(line, columns)}`);
    const start = before === '' ? '' : `${before}\u001b[${rows};1H`;
    // Saves the cursor, and restores it.
    this.#terminal.write(`${start}\u001b7${drawn.join('')}\u001b8`);
  }

  #results(): readonly string[] {
    if (this.#finished === undefined) {
      return [];
    }
    const { text } = renderResults(this.#finished, { columns: this.#terminal.columns(), place: 'only' });
    return text.trimEnd().split('\n');
  }
}
