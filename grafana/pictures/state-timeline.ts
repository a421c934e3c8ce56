import type { ValueText } from '../../test/support/dashboard-files.ts';
import { textOn } from './colors.ts';
import { contentHeight } from './grid.ts';
import { escaped } from './html.ts';
import { type AnsweredPanel, defaultsOf, type NamedSeries, type TimeRange } from './panel-data.ts';

/** Of one row, in which nothing changed; the end is where the next value would be. */
interface Span {
  readonly from: number;
  to: number;
  readonly value: number;
}

const MINUTE = 60;
/** Of a row, in pixels: the greatest height, and what lies between two. */
const ROW_PIXELS = 17;
const GAP_PIXELS = 2;
/** Roughly, of a band on half of the picture, and of a letter in it. */
const BAND_PIXELS = 380;
const LETTER_PIXELS = 7;
/** The color of a value without a name in the panel. */
const UNKNOWN = '#999999';

/** A band for each series, with the names of the states it was in. */
export function stateTimeline({ panel, series, range }: AnsweredPanel): string {
  const states: Readonly<Record<string, ValueText>> = Object.assign(
    {},
    ...(defaultsOf(panel).mappings ?? []).map(({ options }) => options),
  );
  const rows = [...series]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((each) => `<label>${escaped(each.name)}</label><div class="band">${bandOf(each, states, range)}</div>`);
  // With the time axis; lower if there are many, as in Grafana.
  const height = Math.min(ROW_PIXELS, Math.floor(contentHeight(panel) / (rows.length + 1)) - GAP_PIXELS);
  return `<div class="timeline" style="--row: ${height}px">${rows.join('')}<label></label><div class="times">${times(range)}</div></div>`;
}

function bandOf(series: NamedSeries, states: Readonly<Record<string, ValueText>>, range: TimeRange): string {
  return spansOf(series)
    .map(({ from, to, value }) => {
      const { text, color } = states[value] ?? { text: `${value}`, color: UNKNOWN };
      const share = (to - from) / (range.to - range.from);
      const shown = share * BAND_PIXELS > text.length * LETTER_PIXELS ? text : '';
      return `<span style="left: ${percent(from, range)}; width: ${(share * 100).toFixed(2)}%; background: ${color}; color: ${textOn(color)}"><b>${escaped(shown)}</b></span>`;
    })
    .join('');
}

function spansOf({ points }: NamedSeries): Span[] {
  const spans: Span[] = [];
  for (const { at, value } of points) {
    const last = spans.at(-1);
    // The result has one value per second, or a gap.
    if (last?.value === value && at - last.to < 1) {
      last.to = at + 1;
    } else {
      spans.push({ from: at, to: at + 1, value });
    }
  }
  return spans;
}

function times(range: TimeRange): string {
  const first = Math.ceil(range.from / MINUTE) * MINUTE;
  const marks = Array.from(
    { length: Math.floor((range.to - first) / MINUTE) + 1 },
    (_, index) => first + index * MINUTE,
  );
  return marks.map((at) => `<i style="left: ${percent(at, range)}">${timeOfDay(at)}</i>`).join('');
}

function percent(at: number, { from, to }: TimeRange): string {
  return `${(((at - from) / (to - from)) * 100).toFixed(2)}%`;
}

/** Hours and minutes, UTC. */
function timeOfDay(at: number): string {
  return new Date(at * 1_000).toISOString().slice(11, 16);
}
