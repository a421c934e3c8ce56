import { groupBy } from '../../lib/group-by.ts';
import { abbreviate, counted, NAMES_SHOWN, printable } from '../../lib/text.ts';
import type { ConfigCommandOptions } from './check-config.ts';

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

type Streams = Pick<ConfigCommandOptions, 'stdout' | 'stderr'>;

/** Writes findings that differ only in their place in one line. */
export function writeFindings(alike: readonly [Finding, ...Finding[]], { stdout, stderr }: Streams): void {
  const [{ kind, what }] = alike;
  const places = alike.map(({ where }) => where);
  const mark = kind === 'warning' ? 'warning: ' : '';
  (kind === 'error' ? stderr : stdout).write(`${printable(`${abbreviate(places)}: ${mark}${what}`)}\n`);
}

/** Writes a summary of findings, in which equal ones share a line. */
export function summarizeFindings(findings: readonly Finding[], streams: Streams): void {
  const shown = { identity: 0, selector: 0, other: 0 };
  let hidden = 0;
  for (const alike of groupBy(findings, ({ kind, what }) => `${kind} ${what}`).values()) {
    const [{ kind, topic }] = alike;
    shown[topic] += kind === 'ok' ? 1 : 0;
    if (kind === 'ok' && shown[topic] > 2 * NAMES_SHOWN) {
      hidden += 1;
    } else {
      writeFindings(alike, streams);
    }
  }
  if (hidden > 0) {
    streams.stdout.write(`… and ${counted(hidden, 'more successful check')} (--verbose shows all)\n`);
  }
}
