import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, NAMES_SHOWN, printable } from '../../lib/text.ts';
import type { TextSink } from './check-config.ts';

/** What came of one question to AWS. */
export interface Finding {
  /** A warning is something that is allowed but probably not meant. */
  readonly kind: 'well' | 'warning' | 'error';
  /** The account, or account and region. */
  readonly where: string;
  /** What was asked, what came of it, and what to do. */
  readonly what: string;
  /** Of findings that are well, only the first of each topic are in a summary. */
  readonly topic: 'identity' | 'selector' | 'other';
}

export interface ReportOptions {
  /** Report each finding by itself, at once. */
  readonly verbose: boolean;
  readonly stdout: TextSink;
  /** Receives errors. */
  readonly stderr: TextSink;
}

/** Writes findings: each at once, or in the end a summary in which a line stands for all places of which the same is said. */
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

  /** Writes the summary of what was not written yet. */
  end(): void {
    const shown = { identity: 0, selector: 0, other: 0 };
    let hidden = 0;
    for (const alike of groupBy(this.#pending, ({ kind, what }) => `${kind} ${what}`).values()) {
      const [{ kind, topic }] = alike;
      shown[topic] += kind === 'well' ? 1 : 0;
      if (kind === 'well' && shown[topic] > 2 * NAMES_SHOWN) {
        hidden += 1;
      } else {
        this.#write(alike);
      }
    }
    this.#pending.length = 0;
    if (hidden > 0) {
      this.#options.stdout.write(`… and ${hidden} more that are well (--verbose shows all)\n`);
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
