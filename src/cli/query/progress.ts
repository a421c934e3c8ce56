import { formatDuration } from '../../config/reading/texts.ts';
import type { Clock } from '../../lib/clock.ts';
import { printable } from '../../lib/text.ts';
import { cut } from './text-table.ts';

/** A terminal, or another output stream. */
export interface ProgressStream {
  write(text: string): void;
  /** Supports cursor movement: the progress is one changing line. */
  readonly isTerminal: boolean;
  /** Columns of the terminal. Undefined if unknown. */
  readonly columns: () => number | undefined;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** Without a spinner, interval at which an unchanged line is repeated, so that a log shows activity. */
const REMINDER_MS = 30_000;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Shows the current step and its duration: on a terminal as a changing line with a spinner, otherwise as one line for each
 * change. Must be ended with `stop`.
 */
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

  /** Restarts the duration. */
  restart(): void {
    this.#startedAt = this.#clock.monotonic();
  }

  /** Ends the progress, and leaves only the permanent lines. */
  stop(): void {
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
