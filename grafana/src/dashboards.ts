import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { cost } from './cost.ts';
import { exporter } from './exporter.ts';
import { fleet } from './fleet.ts';
import { flows } from './flows.ts';
import { map } from './map.ts';
import type { DashboardName } from './navigation.ts';
import { withReplicas } from './replicas.ts';

/** All dashboards, each by the name of its file in `grafana/dashboards`, less the ending. */
export function dashboards(convert = withReplicas): Readonly<Record<DashboardName, Dashboard>> {
  return {
    fleet: convert(fleet()),
    flows: convert(flows()),
    map: convert(map()),
    cost: convert(cost()),
    exporter: convert(exporter()),
  };
}
