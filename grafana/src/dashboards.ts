import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { cost } from './cost.ts';
import { exporter } from './exporter.ts';
import { fleet } from './fleet.ts';
import { flows } from './flows.ts';
import { map } from './map.ts';
import type { DashboardName } from './navigation.ts';

/** All dashboards, each by the name of its file in `grafana/dashboards`, less the ending. */
export function dashboards(): Readonly<Record<DashboardName, Dashboard>> {
  return { fleet: fleet(), flows: flows(), map: map(), cost: cost(), exporter: exporter() };
}
