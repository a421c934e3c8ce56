import { escaped } from './html.ts';
import { type AnsweredPanel, defaultsOf } from './panel-data.ts';
import { withUnit } from './units.ts';

/** A bar for each series, as it is now. */
export function bars({ panel, now }: AnsweredPanel): string {
  const { unit, color } = defaultsOf(panel);
  const samples = [...now.values()].flat();
  const greatest = Math.max(...samples.map(({ value }) => value));
  const rows = samples.map(({ name, value }) => {
    const width = `${((value / greatest) * 100).toFixed(1)}%`;
    return `<small>${escaped(name)}</small><div class="gauge"><span><b style="width: ${width}; background: ${color?.fixedColor}"></b></span><em>${escaped(withUnit(value, unit))}</em></div>`;
  });
  return `<div class="bars">${rows.join('')}</div>`;
}
