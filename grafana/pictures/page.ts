import { bars } from './bars.ts';
import { THEME } from './colors.ts';
import { COLUMNS, GAP, heightOf } from './grid.ts';
import { escaped } from './html.ts';
import { type Chart, lines } from './lines.ts';
import type { AnsweredPanel } from './panel-data.ts';
import { stat } from './stat.ts';
import { stateTimeline } from './state-timeline.ts';
import { table } from './table.ts';

/** Panels side by side as in Grafana, but lower if they have less content; and the drawings for them. */
export function pageOf(panels: readonly AnsweredPanel[]): { readonly html: string; readonly charts: readonly Chart[] } {
  const charts: Chart[] = [];
  const sections = panels.map((answered) => {
    const { title, gridPos, type } = answered.panel;
    return `<section class="${type}" style="width: calc(${gridPos.w} * 100% / ${COLUMNS} - ${GAP}px); max-height: ${heightOf(answered.panel)}px"><h2>${escaped(title)}</h2>${contentOf(answered, charts)}</section>`;
  });
  return {
    html: `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><main>${sections.join('')}</main>`,
    charts,
  };
}

function contentOf(answered: AnsweredPanel, charts: Chart[]): string {
  const { type } = answered.panel;
  switch (type) {
    case 'timeseries': {
      const { html, chart } = lines(answered);
      charts.push(chart);
      return html;
    }
    case 'state-timeline':
      return stateTimeline(answered);
    case 'table':
      return table(answered);
    case 'stat':
      return stat(answered);
    case 'bargauge':
      return bars(answered);
    default:
      throw new Error(`panel type ${type} is not supported: add it here`);
  }
}

const STYLE = `
* { box-sizing: border-box; margin: 0; font: 12px/1.35 'DejaVu Sans', sans-serif; }
body { background: ${THEME.page}; color: ${THEME.text}; }
main { display: flex; flex-wrap: wrap; gap: ${GAP}px; padding: ${GAP}px 0 ${GAP}px ${GAP}px; }
section { display: flex; flex-direction: column; min-width: 0; overflow: hidden; padding: 6px 8px;
  background: ${THEME.panel}; border: 1px solid ${THEME.border}; border-radius: 3px; }
h2 { font-weight: bold; white-space: nowrap; margin-bottom: 4px; }
.none { margin: auto; color: ${THEME.faint}; }
.value { text-align: right; }
.timeseries { height: 334px; }
.stat { min-height: 90px; }
.chart { flex: 1; min-height: 0; }
table { width: 100%; border-collapse: collapse; font-size: 11px; }
th, td { padding: 3px 6px; text-align: left; white-space: nowrap; font-size: 11px; border-bottom: 1px solid ${THEME.border}; }
th { color: ${THEME.faint}; }
.legend td, .legend th { padding: 0 6px; border: 0; }
.legend td:first-child { max-width: 0; width: 100%; overflow: hidden; text-overflow: ellipsis; }
.legend i { display: inline-block; width: 12px; height: 4px; margin-right: 6px; vertical-align: middle; }
.gauge { display: flex; gap: 8px; align-items: center; }
.gauge span { flex: 1; min-width: 60px; height: 12px; background: ${THEME.border}; }
.gauge em { flex: 0 0 72px; text-align: right; font-style: normal; }
.gauge b { display: block; height: 100%; }
td .gauge { min-width: 170px; }
.bars small { display: block; font-size: 10px; line-height: 12px; color: ${THEME.faint}; }
.bars .gauge span { height: 8px; }
.bars .gauge em { font-size: 11px; line-height: 10px; }
.values { flex: 1; display: flex; justify-content: space-evenly; align-items: center; gap: 16px; }
.values div { font-size: 30px; text-align: center; }
.values small { display: block; font-size: 12px; color: ${THEME.text}; }
.timeline { display: grid; grid-template-columns: minmax(0, 34%) 1fr; gap: 2px 8px; }
.timeline label { text-align: right; font-size: 11px; line-height: var(--row); overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.band, .times { position: relative; height: var(--row); overflow: hidden; }
.band span { position: absolute; height: 100%; overflow: hidden; border-right: 1px solid ${THEME.panel}; }
.band b { font-size: 10px; line-height: var(--row); padding: 0 3px; }
.times { overflow: visible; }
.times i { position: absolute; transform: translateX(-50%); font-size: 10px; font-style: normal; color: ${THEME.faint}; }
`;
