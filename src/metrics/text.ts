import { boundedLabelValue } from '../results/label-value.ts';
import type { Family } from './family.ts';

export type ExpositionFormat = 'text' | 'openmetrics';

/**
 * A label value as both formats want it between the quotes, whole however long it is: what the configuration says is never
 * cut. Lone surrogates, which UTF-8 cannot hold, become U+FFFD when the page is encoded.
 */
export function escapeLabelValue(value: string): string {
  return value.replace(/["\\\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

/** A label value that the service chose, at most 1,024 bytes long: the same wherever it is shown, so that joins hold. */
export function serviceLabel(value: string): string;
export function serviceLabel(value: string | undefined): string | undefined;
export function serviceLabel(value: string | undefined): string | undefined {
  return value === undefined ? undefined : boundedLabelValue(value);
}

/** A line's label part, `{a="b"}`; labels without a value are left out, as the formats take them for absent. */
export function labelPart(labels: readonly (readonly [name: string, value: string | undefined])[]): string {
  const pairs: string[] = [];
  for (const [name, value] of labels) {
    if (value !== undefined && value !== '') {
      pairs.push(`${name}="${escapeLabelValue(value)}"`);
    }
  }
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The HELP and TYPE lines of a family. OpenMetrics names counter families without their `_total`. */
export function headerLines(family: Pick<Family, 'name' | 'type' | 'help'>, format: ExpositionFormat): string {
  const name = format === 'openmetrics' && family.type === 'counter' ? family.name.replace(/_total$/, '') : family.name;
  const help = family.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
  const escaped = format === 'openmetrics' ? help.replace(/"/g, '\\"') : help;
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${family.type}\n`;
}
