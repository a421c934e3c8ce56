import { describe, expect, it } from 'vitest';
import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';
import { THRESHOLDS } from '../../rules/rule-files.ts';
import { helm, readText, renderError } from './chart.ts';

// "npm run manifests" writes the table of README.md; without it a table that is not up to date fails.

const FOLDER = 'deploy/helm/nfm-exporter';
const TABLE = /(?<=<!-- values -->\n)[\s\S]*(?=<!-- \/values -->)/;
const VALUES = parseDocument<YAMLMap>(readText(`${FOLDER}/values.yaml`)).contents ?? expect.unreachable();

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly maximum?: number;
}

interface Value {
  readonly path: string;
  readonly description: string;
  /** As YAML on one line. */
  readonly fallback: string;
}

const SCHEMA: Schema = JSON.parse(readText(`${FOLDER}/values.schema.json`));

/** Values that have a description: a comment that starts with "--". Sections have none. */
function describedValues(map: YAMLMap, prefix = ''): Value[] {
  return map.items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? key : expect.unreachable();
    const path = `${prefix}${name.value}`;
    // The comment before the first key of a map is the map's.
    const comment = name.commentBefore ?? (map.items[0]?.key === key ? map.commentBefore : undefined) ?? '';
    const description = /(?:^|\n) -- ([\s\S]*)$/.exec(comment)?.[1]?.replaceAll(/\n ?/g, ' ');
    if (description === undefined) {
      return describedValues(isMap(value) ? value : expect.unreachable(path), `${path}.`);
    }
    const fallback = isMap(value) && path === 'config' ? 'see values.yaml' : JSON.stringify(value);
    return [{ path, description, fallback }];
  });
}

/** Paths of the schema down to what is free in form. */
function schemaPaths({ properties = {} }: Schema, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.properties === undefined || schema.additionalProperties !== false || isLeaf(`${prefix}${name}`)
      ? [`${prefix}${name}`]
      : schemaPaths(schema, `${prefix}${name}.`),
  );
}

const DESCRIBED = describedValues(VALUES);
const PATHS = new Set(DESCRIBED.map(({ path }) => path));

function isLeaf(path: string): boolean {
  return PATHS.has(path);
}

describe('values', () => {
  it('are the same in values.yaml and its schema', () => {
    // Helm adds `global` to every chart.
    expect(schemaPaths(SCHEMA).filter((path) => path !== 'global')).toEqual(DESCRIBED.map(({ path }) => path));
  });

  it('are listed in the README of the chart', async () => {
    const readme = readText(`${FOLDER}/README.md`);
    expect(readme).toMatch(TABLE);
    const rows = DESCRIBED.map(
      ({ path, description, fallback }) => `| \`${path}\` | \`${fallback}\` | ${description} |`,
    );
    const table = ['| value | default | description |', '|---|---|---|', ...rows, ''].join('\n');
    await expect(readme.replace(TABLE, table)).toMatchFileSnapshot(`../../../${FOLDER}/README.md`);
  });

  it('name every threshold in the schema', () => {
    const thresholds = SCHEMA.properties?.['prometheusRule']?.properties?.['thresholds'];
    expect(Object.keys(thresholds?.properties ?? {})).toEqual(THRESHOLDS.map(({ name }) => name));
  });

  it('limit thresholds that are shares to 1', () => {
    const thresholds = SCHEMA.properties?.['prometheusRule']?.properties?.['thresholds']?.properties ?? {};
    const shares = Object.entries(thresholds).filter(([name]) => /_(?:ratio|share)$/.test(name));
    expect(shares.length).toBeGreaterThan(5);
    expect(shares.filter(([, { maximum }]) => maximum !== 1).map(([name]) => name)).toEqual([]);
  });

  it.each([
    ['replicas', 2, /additional properties 'replicas' not allowed/],
    ['image.name', 'x', /at '\/image': additional properties 'name' not allowed/],
    ['image.digest', 'sha256:12', /at '\/image\/digest'.*does not match/],
    ['serviceMonitor.interval', '15', /at '\/serviceMonitor\/interval'.*does not match/],
    ['serviceMonitor.sampleLimit', '50000', /at '\/serviceMonitor\/sampleLimit': got string, want integer/],
    ['prometheusRule.thresholds.results_age', 1, /additional properties 'results_age' not allowed/],
    ['prometheusRule.thresholds.failing_runs', '2', /got string, want number/],
    ['prometheusRule.expectedAccounts.payments', ['123'], /does not match/],
    ['persistence.size', 'large', /at '\/persistence\/size'.*does not match/],
    ['service.port', 70_000, /at '\/service\/port': maximum/],
    ['readinessProbe.path', '/', /at '\/readinessProbe': additional properties 'path' not allowed/],
    ['extraArgs', ['--web.route-prefix=/nfm'], /at '\/extraArgs\/0': 'not' failed/],
    ['extraArgs', ['demo'], /at '\/extraArgs\/0'.*does not match/],
    ['web.externalUrl', 'example.org', /at '\/web\/externalUrl'.*does not match/],
    ['config.web.listenAddresses', [':9000'], /config.web.listenAddresses: .* Use service.port/],
    ['existingConfig', { configMap: 'a', secret: 'b' }, /existingConfig: got a configMap and a secret/],
    ['web.tls', true, /web.configSecret is missing/],
    ['web.clientCertificateRequired', true, /web.configSecret is missing/],
  ])('reject %s = %j', (key, value, message) => {
    expect(renderError({ [key]: value })).toMatch(message);
  });

  it('accept release names and namespaces of digits', () => {
    const { status, stdout } = helm('template', '12', FOLDER, '--namespace=34', '--set=serviceMonitor.enabled=true');
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/: (?:12|34)$/m);
  });
});
