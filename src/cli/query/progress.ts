import { formatDuration } from '../../config/reading/texts.ts';
import type { Clock } from '../../lib/clock.ts';
import { printable } from '../../lib/text.ts';
import { cut } from './text-table.ts';
/** A terminal, or what stands in its place. */
export interface ProgressStream {
  write(text: string): void;
  /** Takes cursor movements: the progress is one line that changes. */
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined where it has none, or does not tell. */
  readonly columns: () => number | undefined;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** A line that does not change is repeated this often where there is no spinner, so that a log shows life. */
const REMINDER_MS = 30_000;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/**
 * Tells how long what is under way: on a terminal as a spinner with a text that changes, else as lines, one for each
 * change. To be ended by `stop`.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #text = '';
  #frame = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(stream: ProgressStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** What happens from now on. */
  show(text: string): void {
    const changed = text !== this.#text;
    this.#text = text;
    if (this.#stream.isTerminal) {
      this.#draw();
    } else if (changed) {
      this.#writeLine();
    }
  }

  /** A line that stays. */
  print(line: string): void {
    const text = `${printable(line)}\n`;
    if (this.#stream.isTerminal) {
      this.#stream.write(`${CLEAR_LINE}${text}`);
      this.#draw();
    } else {
      this.#stream.write(text);
    }
  }

  /** Leaves only the lines that stay. */
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
    // One column stays free: a full line would wrap, and could not be drawn over.
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
