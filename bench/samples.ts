/** One line of a page, its labels in the page's order, their values unescaped. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

/** @throws Error when the line is none of a sample. */
export function readSample(line: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
  if (name === undefined) {
    throw new Error(`expected a line with a sample, got ${line}`);
  }
  const pairs = [...labels.matchAll(LABEL)].map(([, label = '', text = '']) => [label, unescaped(text)]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** The families of queries and their contributors, with their HELP and TYPE lines: nearly all there is of a page. */
export function querySeries(page: string): string {
  const lines = page.split('\n').filter((line) => /^(?:# (?:HELP|TYPE) )?aws_nfm_(?:query|contributor)_/.test(line));
  return `${lines.join('\n')}\n`;
}

/** A line per sample of these families, independent of the writer of the page: lines and labels are sorted. */
export function comparableSamples(page: string): string[] {
  return querySeries(page)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const { name, labels, value } = readSample(line);
      // The Pushgateway adds these two.
      const { job, instance, ...own } = labels;
      return `${name}${JSON.stringify(Object.entries(own).sort())} ${value}`;
    })
    .sort();
}
