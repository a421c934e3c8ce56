/** A column of a table. All columns of a table have the same number of cells. */
export interface Column {
  readonly title: string;
  /** Printable, each character one column wide. */
  readonly cells: readonly string[];
  readonly align: 'left' | 'right';
}

export interface TextTable {
  /** The titles, and a line per row. */
  readonly lines: readonly string[];
  /** Titles of columns that do not fit. */
  readonly omitted: readonly string[];
}

const GAP = '  ';
/** Longest cell if the width is limited, so that one column does not displace the others. */
const LONGEST_CELL = 40;

/**
 * Returns a table. If not all columns fit, omits the least important ones. The most important one is always shown, shortened
 * if necessary. `byImportance` has the most important one first. `width` is in columns. Undefined: no limit.
 */
export function textTable(
  columns: readonly Column[],
  byImportance: readonly Column[],
  width: number | undefined,
): TextTable {
  const limit = width ?? Number.POSITIVE_INFINITY;
  const longest = width === undefined ? Number.POSITIVE_INFINITY : LONGEST_CELL;
  const chosen = new Set<Column>();
  let used = 0;
  for (const column of byImportance) {
    const more = widthOf(column, longest) + (chosen.size === 0 ? 0 : GAP.length);
    if (chosen.size === 0 || used + more <= limit) {
      chosen.add(column);
      used += more;
    }
  }
  const shown = columns.filter((column) => chosen.has(column)).map((column) => pad(column, longest));
  const lines = shown[0]?.map((_, row) => shown.map((cells) => cells[row] ?? '').join(GAP)) ?? [];
  return {
    lines: lines.map((line) => cut(line.trimEnd(), limit)),
    omitted: columns.filter((column) => !chosen.has(column)).map(({ title }) => title),
  };
}

/** Shortens a text to a number of columns, with an ellipsis. */
export function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, Math.max(0, columns - 1))}…` : text;
}

/**
 * Breaks a printable text between words into lines. A word that is longer than a line is broken. Lines after the first are
 * indented. `width` is in columns. Undefined: no limit.
 */
export function wrap(text: string, indent: string, width: number | undefined): string[] {
  if (width === undefined || text.length <= width) {
    return [text];
  }
  // A line that is narrower than the indentation has none.
  const margin = indent.length < width ? indent : '';
  const space = text.lastIndexOf(' ', width);
  const isBetweenWords = text.slice(0, space).trim() !== '' && space > margin.length;
  const end = isBetweenWords ? space : width;
  return [text.slice(0, end), ...wrap(`${margin}${text.slice(end).trimStart()}`, indent, width)];
}

function widthOf({ title, cells }: Column, longest: number): number {
  const full = cells.reduce((most, cell) => Math.max(most, cell.length), title.length);
  return Math.min(longest, full);
}

function pad(column: Column, longest: number): string[] {
  const { title, cells, align } = column;
  const width = widthOf(column, longest);
  const texts = [title, ...cells].map((cell) => cut(cell, longest));
  return texts.map((text) => (align === 'right' ? text.padStart(width) : text.padEnd(width)));
}
