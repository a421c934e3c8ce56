import { median } from './statistics.ts';

/** What a figure should be, bounds included. */
export interface Aim {
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** One line of the table: what was measured, several times. */
export interface Figure {
  readonly section: string;
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly samples: number;
  readonly aim: Aim | undefined;
  readonly met: boolean | undefined;
}

/** Collects figures, section by section. */
export class Report {
  readonly figures: Figure[] = [];

  /** Adds figures to a section of the table. An aim is for the median. */
  section(section: string): (name: string, unit: string, samples: readonly number[], aim?: Aim) => void {
    return (name, unit, samples, aim) => {
      const min = samples.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      const max = samples.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const middle = median(samples);
      const met = aim && middle <= (aim.atMost ?? middle) && middle >= (aim.atLeast ?? middle);
      this.figures.push({ section, name, unit, min, median: middle, max, samples: samples.length, aim, met });
    };
  }

  /** In Markdown, which reads well in a terminal too. */
  table(): string {
    const rows = this.figures.map(({ name, unit, aim, met, samples, ...figure }) => [
      `${name}${unit === '' ? '' : `, ${unit}`}`,
      ...[figure.min, figure.median, figure.max].map(readable),
      String(samples),
      aim === undefined ? '' : aimText(aim),
      met === undefined ? '' : met ? 'yes' : 'no',
    ]);
    const header = ['', 'min', 'median', 'max', 'samples', 'aim', 'met'];
    const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0), 3));
    const line = (cells: readonly string[]) =>
      `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`;
    const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
    const sections = [...new Set(this.figures.map(({ section }) => section))].map((section) => {
      const own = rows.filter((_, i) => this.figures[i]?.section === section);
      return `### ${section}\n\n${[line(header), rule, ...own.map(line)].join('\n')}\n`;
    });
    return sections.join('\n');
  }
}

function aimText({ atMost, atLeast }: Aim): string {
  return [atMost === undefined ? '' : `≤ ${atMost}`, atLeast === undefined ? '' : `≥ ${atLeast}`].join('');
}

/** Three digits are all that such measurements carry. */
function readable(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
