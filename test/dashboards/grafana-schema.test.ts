import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DASHBOARDS, type DashboardFile, panelsOf } from '../support/dashboard-files.ts';
import { fileScope } from '../support/file-scope.ts';
import { PROJECT, run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const scope = fileScope();
/** The versions that README.md names, each by the directory of Grafana's types for it. */
const VERSIONS = [12, 13].map((version) => ({
  version,
  directory: `${PROJECT}node_modules/grafana-schema-${version}`,
}));
/** Types of panels by the directory of their options, and the types in it. */
const PANEL_TYPES: Readonly<Record<string, { readonly directory: string; readonly custom: boolean }>> = {
  stat: { directory: 'stat', custom: false },
  bargauge: { directory: 'bargauge', custom: false },
  table: { directory: 'table', custom: true },
  timeseries: { directory: 'timeseries', custom: true },
  'state-timeline': { directory: 'statetimeline', custom: true },
  heatmap: { directory: 'heatmap', custom: true },
  text: { directory: 'text', custom: false },
  nodeGraph: { directory: 'nodegraph', custom: false },
};
/** Members that only Prometheus's annotations and variables with a query have; the schema describes what all have. */
const OF_PROMETHEUS: readonly string[] = ['expr', 'step', 'titleFormat', 'textFormat', 'tagKeys', 'definition'];

describe.each(VERSIONS)("Grafana $version's schema", ({ version, directory }) => {
  let found: ReadonlyMap<string, string>;
  beforeAll(() => {
    found = problems(DASHBOARDS, directory);
  });

  it('is the package of that version', () => {
    const { name, version: installed } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
    expect({ name, major: Number.parseInt(installed, 10) }).toEqual({ name: '@grafana/schema', major: version });
    const [, supported] = /^\| Grafana \| ([^:]*):/m.exec(readFileSync(`${PROJECT}README.md`, 'utf8')) ?? [];
    expect(supported).toBe('12 and 13');
  });

  it.each(DASHBOARDS)('accepts all members of $title', (dashboard) => {
    expect(found.get(dashboard.uid)).toBe('');
  });

  it('rejects an unknown member, a wrong enumeration value, and an unknown panel option', () => {
    const [dashboard] = DASHBOARDS;
    const [row, first, second] = dashboard?.panels ?? [];
    const panels = [
      row,
      { ...first, options: { colorMode: 'rainbow' } },
      { ...second, type: 'stat', options: { graphNode: 'none' } },
    ];
    const wrong: DashboardFile = JSON.parse(JSON.stringify({ ...dashboard, panels, refreshEvery: '1m' }));
    const found = problems([wrong], directory).get(wrong.uid);
    expect(found).toMatch(/refreshEvery\W+ does not exist/);
    expect(found).toMatch(/"rainbow"/);
    expect(found).toMatch(/graphNode\W+ does not exist/);
  });
});

/**
 * Compares dashboards with the types of a version. Returns the compiler's errors by the uid of the dashboard, empty if there are none.
 *
 * @throws Error if the compiler fails for another reason
 */
function problems(dashboards: readonly DashboardFile[], directory: string): ReadonlyMap<string, string> {
  const folder = temporaryFolder(scope);
  // Grafana's types import each other by the name of their package.
  const types = `${directory}/dist/types`;
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'esnext',
        moduleResolution: 'bundler',
        target: 'es2023',
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: [],
        paths: { '@grafana/schema': [`${types}/index.d.ts`], '@grafana/schema/*': [`${types}/*`] },
      },
      include: ['*.ts'],
    }),
  );
  symlinkSync(`${PROJECT}node_modules`, join(folder, 'node_modules'));
  for (const dashboard of dashboards) {
    writeFileSync(join(folder, `${dashboard.uid}.ts`), moduleOf(dashboard));
  }
  const { status, stdout } = run(`${PROJECT}node_modules/.bin/tsc`, ['-p', folder, '--pretty', 'false']);
  // An error begins with the path of its file, and continues in indented lines.
  const errors = stdout.split(/\n(?=\S)/).filter((text) => text !== '');
  const byDashboard = dashboards.map(({ uid }) => {
    return [uid, errors.filter((text) => text.split('(')[0]?.endsWith(`/${uid}.ts`)).join('\n')] as const;
  });
  if (byDashboard.every(([, text]) => text === '') !== (status === 0)) {
    throw new Error(`the compiler ended with ${status}:\n${stdout}`);
  }
  return new Map(byDashboard);
}

/** A module that compares the parts of a dashboard with their types. */
function moduleOf(dashboard: DashboardFile): string {
  const described = {
    ...dashboard,
    annotations: { list: dashboard.annotations.list.map(withoutPrometheus) },
    templating: { list: dashboard.templating.list.map(withoutPrometheus) },
  };
  const names = new Set(panelsOf(dashboard).map(({ type }) => type));
  return [
    "import type { Dashboard } from '@grafana/schema';",
    ...[...names].map((type) => {
      const { directory: name, custom } = PANEL_TYPES[type] ?? { directory: type, custom: false };
      const imported = custom ? 'Options, FieldConfig' : 'Options';
      const renamed = imported.replace(/\w+/g, (each) => `${each} as ${each}Of_${name}`);
      return `import type { ${renamed} } from '@grafana/schema/raw/composable/${name}/panelcfg/x/types.gen';`;
    }),
    // JSON has the values of enumerations, and leaves out what has a default.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: A type in the generated module.
    'type Json<T> = unknown extends T ? T : T extends string ? `${T}` : T extends number ? number : T extends object ? { [K in keyof T]: Json<T[K]> } : T;',
    'type Partly<T> = unknown extends T ? T : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;',
    `export const dashboard = ${JSON.stringify(described)} satisfies Json<Dashboard>;`,
    ...panelsOf(dashboard).flatMap(({ id, type, options = {}, fieldConfig }) => {
      const { directory: name, custom } = PANEL_TYPES[type] ?? { directory: type, custom: false };
      const fields = fieldConfig?.defaults.custom;
      return [
        `export const options${id} = ${JSON.stringify(options)} satisfies Partly<Json<OptionsOf_${name}>>;`,
        ...(custom && fields !== undefined
          ? [`export const fields${id} = ${JSON.stringify(fields)} satisfies Partly<Json<FieldConfigOf_${name}>>;`]
          : []),
      ];
    }),
  ].join('\n');
}

function withoutPrometheus(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !OF_PROMETHEUS.includes(name)));
}
