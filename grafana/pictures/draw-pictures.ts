import { readFileSync } from 'node:fs';
import { launchBrowser } from '../../test/support/browser.ts';
import { DASHBOARDS, panelQueries, panelsOf } from '../../test/support/dashboard-files.ts';
import { PROJECT } from '../../test/support/project.ts';
import type { Prometheus } from '../../test/support/prometheus.ts';
import { THEME } from './colors.ts';
import { draw } from './draw.ts';
import { pageOf } from './page.ts';
import { answered, type TimeRange } from './panel-data.ts';
import { PICTURES, type Picture } from './pictures.ts';

const UPLOT = `${PROJECT}node_modules/uplot/dist`;
const WIDTH = 1280;

/** Draws every picture from the series of one job in a Prometheus, into a directory. */
export async function drawPictures(
  prometheus: Pick<Prometheus, 'query' | 'queryRange'>,
  range: TimeRange,
  job: string,
  folder: string,
): Promise<void> {
  const browser = await launchBrowser();
  try {
    for (const picture of PICTURES) {
      const { html, charts } = pageOf(await panelsFor(picture, prometheus, range, job));
      const page = await browser.newPage({ viewport: { width: WIDTH, height: 100 } });
      await page.setContent(html);
      await page.addStyleTag({ content: readFileSync(`${UPLOT}/uPlot.min.css`, 'utf8') });
      await page.addScriptTag({ content: readFileSync(`${UPLOT}/uPlot.iife.min.js`, 'utf8') });
      await page.evaluate(draw, { charts, text: THEME.faint, grid: THEME.border });
      await page.screenshot({ path: `${folder}/dashboard-${picture.name}.png`, fullPage: true });
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

async function panelsFor(
  { dashboard: uid, panels }: Picture,
  prometheus: Pick<Prometheus, 'query' | 'queryRange'>,
  range: TimeRange,
  job: string,
) {
  const dashboard = DASHBOARDS.find((each) => each.uid === uid);
  const queries = panelQueries({ job, __range: `${Math.floor(range.to - range.from)}s` });
  const answers = [];
  for (const title of panels) {
    const panel = dashboard && panelsOf(dashboard).find((each) => each.title === title);
    if (panel === undefined) {
      throw new Error(`${uid} has no panel "${title}"`);
    }
    const own = queries.filter((query) => query.dashboard === uid && query.panel.id === panel.id);
    answers.push(await answered(panel, own, prometheus, range));
  }
  return answers;
}
