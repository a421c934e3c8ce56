/** A column of a table; every column of one has as many cells. */
export interface Column {
  readonly title: string;
  /** Printable, each character one column wide. */
  readonly cells: readonly string[];
  readonly align: 'left' | 'right';
}

const GAP = '  ';
/** A longer cell is cut where the width is limited, so that one does not take the room of all others. */
const LONGEST_CELL = 40;

/**
 * Lines of a table, its titles first. Where not all columns fit, those that come later in `byWorth` are left out, and of
 * the first, which is always there, what is too much.
 *
 * @param columns in the order to show them in
 * @param byWorth the same, the most telling first
 * @param width columns of the terminal; undefined: no limit
 */
export function textTable(columns: readonly Column[], byWorth: readonly Column[], width: number | undefined): string[] {
  const limit = width ?? Number.POSITIVE_INFINITY;
  const longest = width === undefined ? Number.POSITIVE_INFINITY : LONGEST_CELL;
  const chosen = new Set<Column>();
  let used = 0;
  for (const column of byWorth) {
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

/** A text on at most so many columns, with a mark where something is missing. */
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
