import type { ExpositionFormat } from '../../src/metrics/text.ts';

/** A family of a page. */
export interface PageFamily {
  /** Name on the HELP and TYPE lines. */
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: PageSample[];
}

export interface PageSample {
  readonly name: string;
  /** In the order of the page, unescaped. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const TYPES = ['gauge', 'counter', 'histogram'];

/**
 * Reads a page by the grammar of its format, the text format 0.0.4 or OpenMetrics 1.0.0. Also checks the rules of this
 * project: HELP and TYPE of each family once and before its samples, families in one piece, no series twice, no timestamps,
 * no NaN.
 *
 * @throws Error with the line, if the page violates a rule
 */
export function readPage(page: Buffer, format: ExpositionFormat): PageFamily[] {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(page);
  const lines = text.split('\n');
  if (lines.pop() !== '') {
    throw new Error('the last line does not end');
  }
  if (format === 'openmetrics' && lines.pop() !== '# EOF') {
    throw new Error('the page does not end in # EOF');
  }
  const families = new Map<string, PageFamily>();
  const series = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current: PageFamily | undefined;
  for (const [index, line] of lines.entries()) {
    const refuse = (why: string): never => {
      throw new Error(`line ${index + 1}, ${why}: ${line.slice(0, 200)}`);
    };
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line) ?? [];
    if (keyword === 'HELP') {
      if (help !== undefined || families.has(name) || !METRIC_NAME.test(name)) {
        refuse('a HELP that does not belong here');
      }
      help = { name, text: unescaped(rest, format === 'openmetrics' ? '"' : '', refuse) };
    } else if (keyword === 'TYPE') {
      if (help?.name !== name || !TYPES.includes(rest)) {
        refuse('a TYPE without its HELP, or unknown');
      }
      current = { name, help: help?.text ?? '', type: rest, samples: [] };
      families.set(name, current);
      help = undefined;
    } else {
      if (current === undefined || help !== undefined) {
        throw new Error(`line ${index + 1}, no family: ${line.slice(0, 200)}`);
      }
      const sample = readSample(line, refuse);
      if (!sampleNames(current, format).includes(sample.name)) {
        refuse(`not a sample of the ${current.type} ${current.name}`);
      }
      const key = JSON.stringify([sample.name, ...sample.labels.map((label) => label.join('=')).sort()]);
      if (series.has(key)) {
        refuse('a series that is there already');
      }
      series.add(key);
      current.samples.push(sample);
    }
  }
  if (help !== undefined) {
    throw new Error(`a HELP without TYPE: ${help.name}`);
  }
  for (const family of families.values()) {
    if (family.type === 'histogram') {
      checkHistogram(family);
    }
  }
  return [...families.values()];
}

function sampleNames({ name, type }: PageFamily, format: ExpositionFormat): string[] {
  switch (type) {
    case 'histogram':
      return [`${name}_bucket`, `${name}_sum`, `${name}_count`];
    case 'counter':
      return [format === 'openmetrics' ? `${name}_total` : name];
    default:
      return [name];
  }
}

function readSample(line: string, refuse: (why: string) => never): PageSample {
  const [, name = '', labelled, value = ''] =
    /^([^\s{]+)(?:\{((?:[^"\\]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/s.exec(line) ?? refuse('no sample');
  if (!METRIC_NAME.test(name) || !NUMBER.test(value)) {
    refuse('no name or no number');
  }
  return { name, labels: labelled === undefined ? [] : readLabels(labelled, refuse), value: Number(value) };
}

function readLabels(text: string, refuse: (why: string) => never): [string, string][] {
  const labels: [string, string][] = [];
  let rest = text;
  while (rest !== '') {
    const [whole = '', name = '', value = ''] =
      /^([^\s="]+)="((?:[^"\\]|\\.)*)"(?:,(?=[^,])|$)/s.exec(rest) ?? refuse('no label');
    if (!LABEL_NAME.test(name) || labels.some(([other]) => other === name)) {
      refuse(`the label ${name}`);
    }
    labels.push([name, unescaped(value, '"', refuse)]);
    rest = rest.slice(whole.length);
  }
  if (labels.length === 0) {
    refuse('no labels between the braces');
  }
  return labels;
}

/** Unescapes `\\` and `\n`, and `\"` if `also` has it. */
function unescaped(text: string, also: string, refuse: (why: string) => never): string {
  return text.replace(/\\(.?)/gs, (_escape, char: string) => {
    if (char === 'n') {
      return '\n';
    }
    return char === '\\' || (char !== '' && char === also) ? char : refuse('an escape that the format does not know');
  });
}

function checkHistogram({ name, samples }: PageFamily): void {
  const groups = new Map<string, PageSample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels.filter(([label]) => label !== 'le'));
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => labels.find(([label]) => label === 'le')?.[1]);
    const counts = buckets.map(({ value }) => value);
    const count = group.find((sample) => sample.name === `${name}_count`)?.value;
    const rising = (values: readonly number[]) => values.every((value, i) => i === 0 || value >= (values[i - 1] ?? 0));
    if (bounds.at(-1) !== '+Inf' || !rising(bounds.slice(0, -1).map(Number)) || !rising(counts)) {
      throw new Error(`the buckets of ${name} ${key} do not rise to +Inf`);
    }
    if (count !== counts.at(-1) || !group.some((sample) => sample.name === `${name}_sum`)) {
      throw new Error(`the sum or count of ${name} ${key} is missing or wrong`);
    }
  }
}
