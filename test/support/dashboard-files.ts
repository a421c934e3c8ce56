import { readdirSync, readFileSync } from 'node:fs';
import { dashboards } from '../../grafana/src/dashboards.ts';
import { PROJECT } from './project.ts';

/** The used members of a dashboard. */
export interface DashboardFile {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly links: readonly { readonly url: string; readonly includeVars: boolean; readonly keepTime: boolean }[];
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  /** The least interval between two points of a range query. */
  readonly interval?: string;
  readonly fieldConfig?: FieldConfig;
  /** Depends on the type. */
  readonly options?: unknown;
  readonly transformations?: readonly { readonly id: string; readonly options: TransformationOptions }[];
}

/** Formats of all fields, and overrides of some by name. */
export interface FieldConfig {
  readonly defaults: FieldDefaults;
  readonly overrides: readonly {
    readonly matcher: { readonly id: string; readonly options: string };
    readonly properties: readonly { readonly id: string; readonly value: unknown }[];
  }[];
}

export interface FieldDefaults {
  readonly unit?: string;
  readonly noValue?: string;
  readonly color?: { readonly mode: string; readonly fixedColor?: string };
  readonly mappings?: readonly { readonly options: Readonly<Record<string, ValueText>> }[];
  readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
  readonly custom?: { readonly drawStyle?: string };
}

/** Text that replaces a number. */
export interface ValueText {
  readonly text: string;
  readonly color: string;
}

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly range?: boolean;
}

interface TransformationOptions {
  /** Of `filterFieldsByName`. */
  readonly include?: { readonly names: readonly string[] };
  /** Of `organize`. */
  readonly renameByName?: Readonly<Record<string, string>>;
}

interface Variable {
  readonly name: string;
  readonly type: string;
  /** The Prometheus query of a variable with a query. */
  readonly definition?: string;
  readonly includeAll: boolean;
  readonly allValue?: string;
  /** The default value, or several ones of a variable with `multi`. */
  readonly current?: { readonly value: string | readonly string[] };
}

/** A query of a panel, with values for variables. */
export interface PanelQuery {
  /** The dashboard's uid. */
  readonly dashboard: string;
  readonly panel: Panel;
  readonly refId: string;
  readonly expression: string;
  /** Whether the panel shows the current value instead of a range. */
  readonly instant: boolean;
  readonly legend: string;
}

const GRAFANAS_OWN = [
  ['__range', '1h'],
  ['__rate_interval', '1m'],
  ['__interval_ms', '60000'],
] as const;

const FOLDER = `${PROJECT}grafana/dashboards`;

/** The dashboards that users import. */
export const DASHBOARDS: readonly DashboardFile[] = readdirSync(FOLDER)
  .sort()
  .map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')));

/** The same with expressions for exporters without replicas only. */
export const PLAIN_DASHBOARDS: readonly DashboardFile[] = Object.entries(dashboards((dashboard) => dashboard))
  .sort(([one], [other]) => one.localeCompare(other))
  .map(([, dashboard]) => JSON.parse(JSON.stringify(dashboard)));

/** The panels with queries: rows have only a title. */
export function panelsOf({ panels }: DashboardFile): readonly Panel[] {
  return panels.filter(({ type }) => type !== 'row');
}

/**
 * All queries of all panels.
 *
 * @param values of variables by name. All others have the value All. Those whose names begin with `__` are Grafana's own.
 */
export function panelQueries(
  values: Readonly<Record<string, string>> = {},
  dashboards: readonly DashboardFile[] = DASHBOARDS,
): PanelQuery[] {
  return dashboards.flatMap((dashboard) =>
    panelsOf(dashboard).flatMap((panel) =>
      (panel.targets ?? []).map(({ refId, expr, instant = false, legendFormat = '' }) => ({
        dashboard: dashboard.uid,
        panel,
        refId,
        expression: withValues(expr, dashboard, values),
        instant,
        legend: legendFormat,
      })),
    ),
  );
}

/** An expression as Grafana sends it. @throws Error for a variable that the dashboard does not have */
export function withValues(
  expression: string,
  { uid, templating }: DashboardFile,
  values: Readonly<Record<string, string>> = {},
): string {
  const all = templating.list.map(({ name, type, allValue = '.+', current }) => {
    const value = current?.value;
    return [name, type === 'custom' && typeof value === 'string' ? value : allValue] as const;
  });
  const known = new Map([...GRAFANAS_OWN, ...all, ...Object.entries(values)]);
  // Not `$1`: a group of label_replace, which Grafana leaves as it is.
  return expression.replace(/\$([a-z_]\w*)/gi, (_, name: string) => {
    const value = known.get(name);
    if (value === undefined) {
      throw new Error(`${uid} has no variable ${name}: ${expression}`);
    }
    return value;
  });
}

/** The labels that a legend shows. */
export function labelsOfLegend({ legend }: PanelQuery): string[] {
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
}

/** The labels with columns in a table. */
export function columnsOf({ transformations = [] }: Panel): string[] {
  const names = transformations.flatMap(({ options }) => options.include?.names ?? []);
  return names.filter((name) => !/^Value( #[A-Z])?$/.test(name));
}

/** The parts of Grafana's label_values(SELECTOR, LABEL). */
export function labelValues(definition: string): { readonly selector: string; readonly label: string } {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/s.exec(definition) ?? [];
  if (selector === undefined || label === undefined) {
    throw new Error(`not of the form label_values(SELECTOR, LABEL): ${definition}`);
  }
  return { selector, label };
}
