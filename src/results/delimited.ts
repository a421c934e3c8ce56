import { escapeControls } from '../lib/text.ts';

export type Delimited = 'csv' | 'tsv';

/** A spreadsheet treats a cell that starts with one of these as a formula. */
const FORMULA = /^[=+\-@]/;
const NEEDS_QUOTES = /[",]|^\s|\s$/;

/**
 * Returns a line of cells. Control characters are escaped, so that a cell never ends a line or controls a terminal. A cell
 * that a spreadsheet would treat as a formula gets an apostrophe in front: no ID, name, or address of AWS starts that way. In
 * CSV, cells are quoted as in RFC 4180 if necessary. TSV has no quotes.
 */
export function delimitedLine(cells: readonly string[], format: Delimited): string {
  return `${cells.map((cell) => delimitedCell(cell, format)).join(format === 'csv' ? ',' : '\t')}\n`;
}

function delimitedCell(text: string, format: Delimited): string {
  const safe = escapeControls(FORMULA.test(text) ? `'${text}` : text);
  return format === 'csv' && NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Returns a number of 0 or more without an exponent or separators, with all its digits: `0.0000004`. */
export function plainNumber(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e');
  if (exponent === undefined) {
    return mantissa;
  }
  const digits = mantissa.replace('.', '');
  const power = Number(exponent);
  return power < 0 ? `0.${'0'.repeat(-power - 1)}${digits}` : digits.padEnd(power + 1, '0');
}
