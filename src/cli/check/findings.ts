import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted, NAMES_SHOWN, printable } from '../../lib/text.ts';
import type { TextSink } from './check-config.ts';

/** The result of one check. */
export interface Finding {
  /** `warning`: valid but probably unintended. */
  readonly kind: 'ok' | 'warning' | 'error';
  /** The account, or account and region. */
  readonly where: string;
  /** The check, its result, and advice. */
  readonly what: string;
  /** A summary contains only the first successful findings of each topic. */
  readonly topic: 'identity' | 'selector' | 'other';
}

export interface ReportOptions {
  /** Report each finding separately and immediately. */
  readonly verbose: boolean;
  readonly stdout: TextSink;
  /** Receives errors. */
  readonly stderr: TextSink;
}

/** Writes findings: each one immediately, or a summary at the end, in which equal findings share a line. */
export class FindingsReport {
  readonly #options: ReportOptions;
  readonly #pending: Finding[] = [];
  #errors = 0;
  #warnings = 0;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  get errors(): number {
    return this.#errors;
  }

  get warnings(): number {
    return this.#warnings;
  }

  add(finding: Finding): void {
    this.#errors += finding.kind === 'error' ? 1 : 0;
    this.#warnings += finding.kind === 'warning' ? 1 : 0;
    if (this.#options.verbose) {
      this.#write([finding]);
    } else {
      this.#pending.push(finding);
    }
  }

  /** Writes the summary of pending findings. */
  end(): void {
    const shown = { identity: 0, selector: 0, other: 0 };
    let hidden = 0;
    for (const alike of groupBy(this.#pending, ({ kind, what }) => `${kind} ${what}`).values()) {
      const [{ kind, topic }] = alike;
      shown[topic] += kind === 'ok' ? 1 : 0;
      if (kind === 'ok' && shown[topic] > 2 * NAMES_SHOWN) {
        hidden += 1;
      } else {
        this.#write(alike);
      }
    }
    this.#pending.length = 0;
    if (hidden > 0) {
      this.#options.stdout.write(`… and ${counted(hidden, 'more successful check')} (--verbose shows all)\n`);
    }
  }

  #write(alike: readonly [Finding, ...Finding[]]): void {
    const { stdout, stderr } = this.#options;
    const [{ kind, what }] = alike;
    const places = alike.map(({ where }) => where);
    const mark = kind === 'warning' ? 'warning: ' : '';
    (kind === 'error' ? stderr : stdout).write(`${printable(`${abbreviate(places)}: ${mark}${what}`)}\n`);
  }
}
