import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COLORS } from '../../grafana/src/colors.ts';
import { DASHBOARDS, type Panel, panelsOf } from '../support/dashboard-files.ts';
import { PROJECT } from '../support/project.ts';

const COLUMNS = 24;
/** The least columns, of 24 on a screen of 1280 pixels, in which a panel can be read. */
const LEAST_WIDTH: Readonly<Record<string, number>> = {
  stat: 3,
  bargauge: 6,
  timeseries: 8,
  table: 8,
  heatmap: 12,
  'state-timeline': 12,
  nodeGraph: 24,
  text: 8,
};
const COMMON_VARIABLES = ['datasource', 'job', 'account', 'region', 'monitor', 'query'];

it('the dashboards have uids that never change', () => {
  expect(DASHBOARDS.map(({ uid }) => uid)).toEqual(['nfm-cost', 'nfm-exporter', 'nfm-fleet', 'nfm-flows', 'nfm-map']);
});

describe.each(DASHBOARDS)('$title', (dashboard) => {
  const panels = panelsOf(dashboard);

  it('has only built-in panels of Grafana, wide enough to read at a width of 1280 pixels', () => {
    expect(panels.length).toBeGreaterThan(4);
    const unfit = panels.filter(({ type, gridPos }) => gridPos.w < (LEAST_WIDTH[type] ?? Number.POSITIVE_INFINITY));
    expect(unfit.map(({ title, type }) => ({ title, type }))).toEqual([]);
  });

  it('says of each panel what it shows, in a sentence', () => {
    expect(dashboard.description).toMatch(/\.$/);
    const withData = panels.filter(({ type }) => type !== 'text');
    expect(withData.filter(({ description = '' }) => !/^[A-Z].{20,}\.$/.test(description))).toEqual([]);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(withData.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
  });

  it('fills the grid: no two panels in one place, and no hole between them', () => {
    const places = dashboard.panels.flatMap(cells);
    expect(new Set(places).size).toBe(places.length);
    const height = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    expect(places).toHaveLength(height * COLUMNS);
  });

  it('numbers its panels from 1', () => {
    expect(dashboard.panels.map(({ id }) => id)).toEqual(dashboard.panels.map((_, index) => index + 1));
  });

  it('lets one choose the data source, the job and what to look at; all of it by default', () => {
    const variables = dashboard.templating.list;
    expect(variables.map(({ name }) => name)).toEqual(expect.arrayContaining(COMMON_VARIABLES));
    for (const { includeAll, current } of variables.filter(({ type }) => type === 'query')) {
      expect({ includeAll, current }).toMatchObject({ includeAll: true, current: { value: ['$__all'] } });
    }
  });

  it('queries only the selected data source', () => {
    const uids = [...JSON.stringify(dashboard).matchAll(/"datasource":(\{[^}]*\}?[^}]*\})/g)].map(([, it]) => it);
    expect(uids.length).toBeGreaterThan(panels.length);
    expect(new Set(uids)).toEqual(new Set([JSON.stringify({ type: 'prometheus', uid: `\${datasource}` })]));
  });

  it('marks firing alerts', () => {
    expect(dashboard.annotations.list.map(({ expr }) => expr)).toEqual([
      expect.stringMatching(/^ALERTS\{alertstate="firing", job=~"\$job"\}/),
    ]);
  });

  it('has colors that color-blind people can distinguish', () => {
    const colors = [...JSON.stringify(dashboard).matchAll(/#[0-9A-Fa-f]{6}\b/g)].map(([color]) => color);
    expect(colors.length).toBeGreaterThan(0);
    expect(colors.filter((color) => !Object.values<string>(COLORS).includes(color))).toEqual([]);
    // A scale from one color to another rates values. Legend and tooltip also distinguish the lines of the palette.
    const schemes = [...JSON.stringify(dashboard).matchAll(/"mode":"((?:continuous|palette)[^"]*)"/g)];
    expect(new Set(schemes.map(([, mode]) => mode))).toEqual(new Set(['palette-classic']));
    for (const { type, options } of panels.filter(({ type }) => type === 'timeseries')) {
      expect({ type, options }).toMatchObject({ options: { legend: { showLegend: true, displayMode: 'table' } } });
    }
  });

  it('links to the other dashboards, with time and choice kept', () => {
    const others = DASHBOARDS.filter(({ uid }) => uid !== dashboard.uid).map(({ uid }) => `/d/${uid}`);
    expect(dashboard.links.map(({ url }) => url).sort()).toEqual(others);
    expect(dashboard.links.every(({ includeVars, keepTime }) => includeVars && keepTime)).toBe(true);
    // The SDK would put them into a menu.
    expect(JSON.stringify(dashboard)).not.toContain('inControlsMenu');
  });

  it('links only to existing dashboards, and sets only variables that they define', () => {
    const links = [...JSON.stringify(dashboard).matchAll(/\/d\/([\w-]+)\?([^"\\]*(?:\\.[^"\\]*)*)/g)];
    for (const [, uid, parameters = ''] of links) {
      const target = DASHBOARDS.find((each) => each.uid === uid);
      const has = (known: typeof target) => known?.templating.list.map(({ name }) => name) ?? [];
      const set = [...parameters.matchAll(/var-(\w+)=/g)].map(([, name]) => name);
      const kept = [...parameters.matchAll(/\$\{(\w+):queryparam\}/g)].map(([, name]) => name);
      expect(has(target)).toEqual(expect.arrayContaining([...set, ...kept]));
      expect(has(dashboard)).toEqual(expect.arrayContaining(kept));
      expect(set).not.toEqual([]);
      expect([...set, ...kept]).toEqual(expect.arrayContaining(COMMON_VARIABLES));
    }
    expect(links.length).toBeGreaterThan(0);
  });
});

describe('provisioning', () => {
  const read = (path: string) => parse(readFileSync(`${PROJECT}grafana/provisioning/${path}`, 'utf8'));

  it('provisions a Prometheus data source and the directory of the dashboards', () => {
    expect(read('datasources/prometheus.yml')).toMatchObject({
      apiVersion: 1,
      datasources: [{ type: 'prometheus', access: 'proxy', isDefault: true, url: 'http://prometheus:9090' }],
    });
    expect(read('dashboards/network-flow-monitor.yml')).toMatchObject({
      apiVersion: 1,
      providers: [{ type: 'file', options: { path: '/var/lib/grafana/dashboards' } }],
    });
  });
});

function cells({ gridPos: { x, y, w, h } }: Panel): string[] {
  return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
}
