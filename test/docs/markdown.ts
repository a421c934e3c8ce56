/** A table; a `|` in a cell is escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Each as inline code. */
export function codes(words: readonly string[]): string {
  return words.map(code).join(', ');
}

export function code(word: string): string {
  return `\`${word}\``;
}
