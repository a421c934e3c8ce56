import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  type CustomVariableBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  type Panel,
  type QueryVariableBuilder,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { COLORS } from './colors.ts';
import { type DashboardName, inSight, linksToOthers, TITLES, UIDS } from './navigation.ts';
import { FIRING_ALERTS } from './promql.ts';
import { commonVariables, DATA_SOURCE } from './variables.ts';

/** Panels under a heading, set from left to right: each row of them fills the grid's 24 columns and has one height. */
export interface Section {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface DashboardParts {
  readonly description: string;
  readonly sections: readonly Section[];
  /** Beside those that all dashboards have. */
  readonly variables?: readonly (QueryVariableBuilder | CustomVariableBuilder)[];
}

/** A whole dashboard: what all of them have in common, and its own sections. */
export function assemble(name: DashboardName, { description, sections, variables = [] }: DashboardParts): Dashboard {
  const builder = new DashboardBuilder(TITLES[name])
    .uid(UIDS[name])
    .description(description)
    .tags(['network-flow-monitor'])
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .tooltip(DashboardCursorSync.Crosshair)
    .editable()
    .variables([...commonVariables(), ...variables])
    .links(linksToOthers(name))
    .annotation(inSight(firingAlerts()));
  for (const { title, panels } of sections) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) {
      builder.withPanel(panel);
    }
  }
  const dashboard = builder.build();
  // Counted from 1, as Grafana would do it: so a panel's address is the same wherever the file is loaded.
  dashboard.panels?.forEach((panel, index) => {
    panel.id = index + 1;
  });
  return withoutForeignMembers(dashboard);
}

/** Removes defaults of the SDK that Grafana's schema does not have: of interval variables, and of tables before 12. */
function withoutForeignMembers(dashboard: Dashboard): Dashboard {
  for (const variable of dashboard.templating?.list ?? []) {
    for (const name of ['auto', 'auto_min', 'auto_count'] as const) {
      delete variable[name];
    }
  }
  for (const panel of dashboard.panels ?? []) {
    if (panel.type === 'table' && 'options' in panel && panel.options !== undefined) {
      delete panel.options['footer'];
    }
  }
  return dashboard;
}

function firingAlerts(): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name('Firing alerts')
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor(COLORS.vermillion)
    .expr(FIRING_ALERTS)
    .step('60s')
    .titleFormat('{{alertname}}')
    .textFormat('{{account}} {{aws_region}} {{monitor}} {{query}}')
    .tagKeys('severity');
}
