import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';

/** The uids by which Grafana knows the dashboards, in links and bookmarks: they never change. */
export const UIDS = {
  fleet: 'nfm-fleet',
  flows: 'nfm-flows',
  map: 'nfm-map',
  cost: 'nfm-cost',
  exporter: 'nfm-exporter',
} as const;
export type DashboardName = keyof typeof UIDS;

export const TITLES: Readonly<Record<DashboardName, string>> = {
  fleet: 'Network Flow Monitor / Fleet',
  flows: 'Network Flow Monitor / Flows',
  map: 'Network Flow Monitor / Map',
  cost: 'Network Flow Monitor / Cost',
  exporter: 'Network Flow Monitor / Exporter',
};

/** At the top of each dashboard: the other ones, with the same choice and time. */
export function linksToOthers(own: DashboardName): Builder<DashboardLink>[] {
  const tooltips: Record<DashboardName, string> = {
    fleet: 'Which queries fail, are stuck or late',
    flows: 'The worst flows, by monitor, zone, category and workload',
    map: 'Who talks to whom, and what has changed',
    cost: 'What transferred data costs, by monitor, workload, and zone',
    exporter: 'Polls, API, runs, series, memory',
  };
  return (Object.keys(UIDS) as DashboardName[])
    .filter((name) => name !== own)
    .map((name) =>
      inSight(
        new DashboardLinkBuilder(TITLES[name])
          .type(DashboardLinkType.Link)
          .icon('dashboard')
          .tooltip(tooltips[name])
          .url(`/d/${UIDS[name]}`)
          .includeVars(true)
          .keepTime(true),
      ),
    );
}

const KEPT = ['datasource', 'job', 'account', 'region', 'monitor', 'query'] as const;

/**
 * From a cell or a line to a dashboard, with the time range and with variables set.
 *
 * @param set what to set variables to; the others keep their values.
 */
export function drillDown(
  title: string,
  name: DashboardName,
  set: Readonly<Record<string, string>>,
): Builder<DashboardLink> {
  const kept = KEPT.filter((variable) => !(variable in set)).map((variable) => `\${${variable}:queryparam}`);
  const given = Object.entries(set).map(([variable, value]) => `var-${variable}=${value}`);
  const parameters = [...kept, ...given, `\${__url_time_range}`].join('&');
  return inSight(new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(`/d/${UIDS[name]}?${parameters}`));
}

/** The value of a column in the row that was clicked, fit for a URL. */
export function cell(column: string): string {
  return `\${__data.fields["${column}"]:percentencode}`;
}

/** The value of a label of the line that was clicked, fit for a URL. */
export function label(name: string): string {
  return `\${__field.labels.${name}:percentencode}`;
}

/** Overrides the SDK's default for links and annotations, which hides them in a menu. */
export function inSight<T extends { placement?: unknown }>(builder: Builder<T>): Builder<T> {
  return {
    build() {
      const built = builder.build();
      delete built.placement;
      return built;
    },
  };
}
