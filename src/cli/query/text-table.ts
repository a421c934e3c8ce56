/** A column of a table. All columns of a table have the same number of cells. */
export interface Column {
  readonly title: string;
  /** Printable, each character one column wide. */
  readonly cells: readonly string[];
  readonly align: 'left' | 'right';
}

const GAP = '  ';
/** Longest cell if the width is limited, so that one column does not displace the others. */
const LONGEST_CELL = 40;

/**
 * Returns the lines of a table, titles first. If not all columns fit, omits the last ones of `byImportance`. The first one is
 * always shown, shortened if necessary.
 *
 * @param columns in display order
 * @param byImportance the same columns, the most important first
 * @param width columns of the terminal. Undefined: no limit.
 */
export function textTable(
  columns: readonly Column[],
  byImportance: readonly Column[],
  width: number | undefined,
): string[] {
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
  const shown = columns
    .filter((column) => chosen.has(column))
    .map(({ title, cells, align }) => pad([title, ...cells], align, longest));
  const lines = shown[0]?.map((_, row) => shown.map((cells) => cells[row] ?? '').join(GAP)) ?? [];
  return lines.map((line) => cut(line.trimEnd(), limit));
}

/** Shortens a text to a number of columns, with an ellipsis. */
export function cut(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, Math.max(0, columns - 1))}…` : text;
}

function widthOf({ title, cells }: Column, longest: number): number {
  return Math.min(
    longest,
    cells.reduce((most, cell) => Math.max(most, cell.length), title.length),
  );
}

function pad(cells: readonly string[], align: Column['align'], longest: number): string[] {
  const texts = cells.map((cell) => cut(cell, longest));
  const width = texts.reduce((most, text) => Math.max(most, text.length), 0);
  return texts.map((text) => (align === 'right' ? text.padStart(width) : text.padEnd(width)));
}
