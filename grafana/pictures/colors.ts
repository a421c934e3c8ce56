/** Grafana's dark theme, as far as the pictures need it. */
export const THEME = {
  page: '#111217',
  panel: '#181b1f',
  border: '#2a2d33',
  text: '#ccccdc',
  faint: '#8e8ea0',
} as const;

/** The ends and the middle of Grafana's scale "blue, yellow, red (by value)". */
const SCALE = [
  [0x1f, 0x60, 0xc4],
  [0xff, 0xf8, 0x99],
  [0xc4, 0x16, 0x2a],
] as const;

/** Returns the color of a value on that scale, from the lowest to the highest value of a panel. */
export function byValue(value: number, least: number, greatest: number): string {
  const place = greatest > least ? ((value - least) / (greatest - least)) * 2 : 0;
  const [from, to] = place < 1 ? [SCALE[0], SCALE[1]] : [SCALE[1], SCALE[2]];
  const share = place < 1 ? place : place - 1;
  const mixed = from.map((channel, index) => Math.round(channel + ((to[index] ?? channel) - channel) * share));
  return `rgb(${mixed.join(', ')})`;
}

/** Returns black or white, whichever is easier to read on a color (for example, #56B4E9). */
export function textOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? '#000' : '#fff';
}
