import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { DASHBOARDS, type Panel, panelQueries, panelsOf } from '../../test/support/dashboard-files.ts';
import { PROJECT } from '../../test/support/project.ts';
import type { Prometheus } from '../../test/support/prometheus.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { type AnsweredPanel, answered, type PageInput, stepOf, type TimeRange } from './panel-data.ts';

const OWN = `${PROJECT}grafana/render`;
const WIDTH = 1280;
/** The browser itself returns its page. */
const ORIGIN = 'http://localhost/';
/** Grafana's charts are drawn to canvases in the next frames. */
const SETTLED_MS = 1_500;

/** The series to draw. */
export interface Source {
  readonly prometheus: Pick<Prometheus, 'query' | 'queryRange'>;
  readonly job: string;
  readonly scrapeSeconds: number;
}

/** The page's script and styles, made from `page` and Grafana's packages. @throws Error if these are not installed */
export interface Bundle {
  readonly script: string;
  readonly styles: string;
}

export function bundle(): Bundle {
  const folder = temporaryFolder();
  const outfile = join(folder, 'page.js');
  execFileSync(
    `${OWN}/node_modules/.bin/esbuild`,
    [
      `${OWN}/page/main.tsx`,
      '--bundle',
      '--minify',
      '--jsx=automatic',
      '--loader:.ttf=empty',
      `--alias:react-custom-scrollbars-2=${OWN}/page/scrollbars.ts`,
      '--define:process.env.NODE_ENV="production"',
      '--log-level=error',
      `--outfile=${outfile}`,
    ],
    { stdio: 'inherit' },
  );
  const uplot = createRequire(`${OWN}/package.json`).resolve('uplot/dist/uPlot.min.css');
  const styles = [uplot, join(folder, 'page.css')].map((file) => readFileSync(file, 'utf8')).join('\n');
  return { script: readFileSync(outfile, 'utf8'), styles };
}

/** Opens a page with some panels of a dashboard, in their order there. */
export async function openPanels(
  browser: Browser,
  { script, styles }: Bundle,
  source: Source,
  range: TimeRange,
  dashboard: string,
  titles: readonly string[],
): Promise<Page> {
  const panels: AnsweredPanel[] = [];
  for (const panel of panelsNamed(dashboard, titles)) {
    panels.push(await answer(panel, dashboard, source, range));
  }
  const input: PageInput = { panels, from: range.from * 1_000, to: range.to * 1_000 };
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 100 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message));
  // Grafana's packages need an origin, for the local storage.
  const body = '<!doctype html><html lang="en"><body></body></html>';
  await page.route(ORIGIN, (route) => route.fulfill({ contentType: 'text/html', body }));
  await page.goto(ORIGIN);
  await page.addStyleTag({ content: styles });
  await page.addScriptTag({ content: script });
  failOn(errors);
  await page.evaluate(`window.drawPanels(${JSON.stringify(input)})`);
  await page.waitForTimeout(SETTLED_MS);
  failOn(errors);
  return page;
}

function failOn(errors: readonly string[]): void {
  if (errors.length > 0) {
    throw new Error(errors.join('\n'));
  }
}

/** @throws Error if the dashboard has no such panel */
function panelsNamed(uid: string, titles: readonly string[]): Panel[] {
  const dashboard = DASHBOARDS.find((each) => each.uid === uid);
  return titles.map((title) => {
    const panel = dashboard && panelsOf(dashboard).find((each) => each.title === title);
    if (panel === undefined) {
      throw new Error(`${uid} has no panel "${title}"`);
    }
    return panel;
  });
}

/** Runs a panel's queries with the intervals that Grafana would use. */
function answer(panel: Panel, dashboard: string, source: Source, range: TimeRange): Promise<AnsweredPanel> {
  const step = stepOf(panel, source.scrapeSeconds);
  const queries = panelQueries({
    job: source.job,
    // What the map is compared with: all choices of the dashboard are older than the series.
    compare: '2m',
    __range: `${Math.max(1, Math.floor(range.to - range.from))}s`,
    __interval_ms: `${step * 1_000}`,
    __rate_interval: `${Math.max(step + source.scrapeSeconds, 4 * source.scrapeSeconds)}s`,
  });
  const own = queries.filter((query) => query.dashboard === dashboard && query.panel.id === panel.id);
  return answered(panel, own, source.prometheus, range, step);
}
