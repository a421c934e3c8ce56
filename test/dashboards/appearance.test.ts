import { describe, expect, it } from 'vitest';
import { COLORS } from '../../grafana/src/colors.ts';
import { DASHBOARDS, type Panel, panelQueries, panelsOf } from '../support/dashboard-files.ts';
import { namesIn } from '../support/promql.ts';

/** Panels that show current values. If the exporter stops, a range query would still return its last values. */
const CURRENT_VALUES: ReadonlySet<string> = new Set(['stat', 'bargauge', 'table', 'nodeGraph']);
const PANELS = DASHBOARDS.flatMap((dashboard) =>
  panelsOf(dashboard)
    .filter(({ type }) => type !== 'text')
    .map((panel) => ({ name: `${dashboard.uid}: ${panel.title}`, panel })),
);
const QUERIES = panelQueries();
const BARS = PANELS.filter(({ panel }) => panel.fieldConfig?.defaults.custom?.drawStyle === 'bars');

describe('missing data', () => {
  it('is not hidden by the last value of a range in stats, gauges, and tables', () => {
    const current = PANELS.filter(({ panel }) => CURRENT_VALUES.has(panel.type));
    expect(current.length).toBeGreaterThan(30);
    expect(current.filter(({ panel }) => !onlyInstant(panel)).map(({ name }) => name)).toEqual([]);
  });

  it('has a text in every panel, and the text admits that the data may be missing', () => {
    const texts = PANELS.map(({ name, panel }) => ({ name, text: panel.fieldConfig?.defaults.noValue ?? '' }));
    expect(texts.filter(({ text }) => !/\bno data$|^no exporter\b/i.test(text))).toEqual([]);
  });

  it('has a dash in every cell of a table: the text is for tables without rows', () => {
    const tables = PANELS.filter(({ panel }) => panel.type === 'table');
    const bare = tables.flatMap(({ name, panel }) => {
      const shown = (panel.transformations ?? []).flatMap(({ options }) => options.include?.names ?? []);
      return shown.filter((field) => cellText(panel, field) !== '–').map((field) => `${name}: ${field}`);
    });
    expect(tables.length).toBeGreaterThan(15);
    expect(bare).toEqual([]);
  });

  it('is gray in every panel with thresholds, which map numbers only', () => {
    const steps = PANELS.flatMap(({ name, panel }) => {
      const { thresholds } = panel.fieldConfig?.defaults ?? {};
      return thresholds === undefined ? [] : [{ name, base: thresholds.steps[0] }];
    });
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.filter(({ base }) => base?.value !== null || base.color !== COLORS.grey)).toEqual([]);
  });

  it('is shown by a tile per exporter at the top of Fleet and Exporter', () => {
    const first = ['nfm-fleet', 'nfm-exporter'].map((uid) => DASHBOARDS.find((each) => each.uid === uid)?.panels[1]);
    for (const panel of first) {
      expect(panel).toMatchObject({ type: 'stat', title: 'Exporters', gridPos: { y: 1 } });
      expect(panel?.targets?.[0]?.expr).toMatch(/\bup\{/);
      expect(Object.values(panel?.fieldConfig?.defaults.mappings?.[0]?.options ?? {})).toEqual([
        expect.objectContaining({ text: 'DOWN', color: COLORS.vermillion }),
        expect.objectContaining({ text: 'up', color: COLORS.green }),
        expect.objectContaining({ text: 'GONE', color: COLORS.purple }),
      ]);
    }
  });
});

describe('colors', () => {
  it('identify the series of a graph, and do not rate their values', () => {
    const graphs = PANELS.filter(({ panel }) => panel.type === 'timeseries');
    expect(graphs.length).toBeGreaterThan(30);
    expect(new Set(graphs.map(({ panel }) => panel.fieldConfig?.defaults.color?.mode))).toEqual(
      new Set(['palette-classic']),
    );
  });

  it('have thresholds wherever they depend on them: without these, Grafana shows green below 80', () => {
    const bare = PANELS.filter(({ panel }) => {
      const { color, thresholds } = panel.fieldConfig?.defaults ?? {};
      return panel.type !== 'heatmap' && (color === undefined || color.mode === 'thresholds') && !thresholds;
    });
    expect(bare.map(({ name }) => name)).toEqual([]);
  });

  it('show limits and budgets as dashed gray lines', () => {
    const limits = PANELS.filter(({ panel }) => panel.type === 'timeseries').flatMap(({ name, panel }) =>
      (panel.targets ?? [])
        .filter(({ expr }) =>
          /^((sum by \([^)]*\) \()?(replicas:)?aws_nfm_\w*(limit|budget)\w*|1 - aws_nfm:threshold)\{[^}]*\}( or .*)?\)?$/.test(
            expr,
          ),
        )
        .map(({ refId }) => ({ name, style: styleOf(panel, refId) })),
    );
    expect(limits.map(({ name }) => name).sort()).toEqual([
      'nfm-exporter: Contributor series',
      'nfm-exporter: Request budget',
      'nfm-exporter: Runs under way',
      'nfm-fleet: Failed windows and polls, 1h',
      'nfm-fleet: Failed windows and polls, 3d',
    ]);
    for (const { style } of limits) {
      expect(style.get('custom.lineStyle')).toMatchObject({ fill: 'dash' });
      expect(style.get('color')).toEqual({ mode: 'fixed', fixedColor: COLORS.grey });
    }
  });
});

describe('counted events', () => {
  it('are counted over the time range, or once in each bar', () => {
    const ranges = QUERIES.flatMap(({ panel }) =>
      (panel.targets ?? []).flatMap(({ expr }) => [...expr.matchAll(/\bincrease\([^[]*\[([^\]]*)\]/g)]),
    ).map(([, range]) => range);
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges.filter((range) => range !== '$__range')).toEqual([]);
  });

  it('have bars of at least a minute, whose heights are the events of the bar', () => {
    const ofCounters = BARS.filter(({ panel }) => panel.targets?.some(({ expr }) => expr.includes('rate(')));
    expect(ofCounters.map(({ name }) => name).sort()).toEqual([
      'nfm-exporter: Runs by outcome',
      'nfm-fleet: Runs by outcome',
    ]);
    for (const { panel } of ofCounters) {
      expect(panel.interval).toBe('1m');
      expect(panel.targets?.map(({ expr }) => expr)).toEqual([
        expect.stringMatching(
          / or \(rate\(\w+\{[^}]*\}\[\$__rate_interval\]\)[^)]*\) \S+\)\) \* \$__interval_ms \/ 1000/,
        ),
      ]);
    }
  });
});

describe('legends and units', () => {
  it('have an arrow only between labels that all series have', () => {
    const arrows = QUERIES.filter(({ legend }) => legend.includes('→'));
    expect(arrows.length).toBeGreaterThan(0);
    for (const { legend, expression } of arrows) {
      const needed = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      const present = namesIn(expression).selectors.flatMap(({ matchers }) =>
        matchers.filter(({ operator, value }) => operator === '!=' && value === '').map(({ label }) => label),
      );
      expect(present).toEqual(expect.arrayContaining(needed));
    }
  });

  it('show neither paths nor the unit c/s', () => {
    expect(QUERIES.filter(({ legend }) => /\{\{file\}\}/.test(legend)).map(({ legend }) => legend)).toEqual([]);
    expect(JSON.stringify(DASHBOARDS)).not.toContain('"cps"');
  });
});

function onlyInstant({ targets = [] }: Panel): boolean {
  return targets.every(({ instant, range }) => instant === true && range !== true);
}

/** The overrides for the series of one query. */
function styleOf({ fieldConfig }: Panel, refId: string): ReadonlyMap<string, unknown> {
  const overrides = fieldConfig?.overrides ?? [];
  const own = overrides.filter(({ matcher }) => matcher.id === 'byFrameRefID' && matcher.options === refId);
  return new Map(own.flatMap(({ properties }) => properties.map(({ id, value }) => [id, value] as const)));
}

/** Text of a cell without a value. */
function cellText({ fieldConfig }: Panel, field: string): unknown {
  const own =
    fieldConfig?.overrides.filter(({ matcher }) => matcher.id === 'byName' && matcher.options === field) ?? [];
  return own.flatMap(({ properties }) => properties).find(({ id }) => id === 'noValue')?.value;
}
