import { boundedLabelValue } from '../results/label-value.ts';
import type { Target } from '../scheduler/target.ts';
import type { Family } from './families.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

export type Label = readonly [name: string, value: string | undefined];

/** A sample of a family: its label part, its value (none if undefined), and what follows the family's name. */
export type Sample = readonly [labels: string, value: number | undefined, suffix?: string];

const ESCAPED = /["\\\n]/;

/** Escapes a label value for both formats. Lone surrogates become U+FFFD when the page is encoded. */
function escapeLabelValue(value: string): string {
  // Most values have nothing to escape, and a test is several times faster than a replacement.
  return ESCAPED.test(value) ? value.replace(/["\\\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`)) : value;
}

/** Limits a label value of the service to 1,024 bytes, in the same way in each family, so that joins work. */
export function serviceLabel(value: string | undefined): string | undefined {
  return value && boundedLabelValue(value);
}

/** Returns the label part of a line, for example `{a="b"}`: `base`, and the labels that have a value. Empty without any. */
export function labelPart(labels: readonly Label[], base = ''): string {
  let pairs = base.slice(1, -1);
  for (const [name, value] of labels) {
    if (value !== undefined && value !== '') {
      pairs += `${pairs === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`;
    }
  }
  return pairs === '' ? '' : `{${pairs}}`;
}

export function targetLabels({ account, region }: Target, ...labels: readonly Label[]): string {
  return labelPart([['account', account], ['aws_region', region], ...labels]);
}

/** Returns one line for each sample that has a value. */
export function sampleLines(name: string, samples: readonly Sample[]): string {
  let lines = '';
  for (const [labels, value, suffix = ''] of samples) {
    if (value !== undefined) {
      lines += `${name}${suffix}${labels} ${value}\n`;
    }
  }
  return lines;
}

/** Returns the samples of a state set: 1 for the current state, 0 for the others, none if the state is unknown. */
export function stateSamples(label: string, base: string, states: readonly string[], current?: string): Sample[] {
  return current === undefined
    ? []
    : states.map((state) => [labelPart([[label, state]], base), Number(state === current)]);
}

/** Converts milliseconds. */
export function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

/** Returns the HELP and TYPE lines of a family. OpenMetrics names counter families without `_total`. HELP needs no escapes. */
export function headerLines(family: Pick<Family, 'name' | 'type' | 'help'>, format: ExpositionFormat): string {
  const name = format === 'openmetrics' && family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  return `# HELP ${name} ${family.help}\n# TYPE ${name} ${family.type}\n`;
}
