import { escaped } from './html.ts';
import { type AnsweredPanel, defaultsOf } from './panel-data.ts';
import { withUnit } from './units.ts';

/** The last value of each series, large. */
export function stat({ panel, series }: AnsweredPanel): string {
  const { unit, noValue = '' } = defaultsOf(panel);
  const last = series.map(({ name, points }) => ({ name, value: points.at(-1)?.value ?? 0 }));
  if (last.length === 0) {
    return `<p class="none">${escaped(noValue)}</p>`;
  }
  const values = last.map(({ name, value }) => {
    const title = last.length > 1 ? `<small>${escaped(name)}</small>` : '';
    return `<div style="color: ${colorOf(panel, value)}">${title}${escaped(withUnit(value, unit))}</div>`;
  });
  return `<div class="values">${values.join('')}</div>`;
}

function colorOf(panel: AnsweredPanel['panel'], value: number): string | undefined {
  const { color, thresholds } = defaultsOf(panel);
  return color?.fixedColor ?? thresholds?.steps.findLast((step) => step.value === null || value >= step.value)?.color;
}
