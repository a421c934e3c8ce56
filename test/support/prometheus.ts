import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestScope } from './daemon.ts';
import { startListeningProgram } from './listening-program.ts';

/** A series at one instant. */
export interface InstantSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A series over time; times in seconds since the epoch. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** Result of the last evaluation of a rule. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
}

/** A Prometheus that scrapes, with its HTTP API. */
export interface Prometheus {
  readonly url: string;
  /** The current result of a PromQL expression. Rejects if the expression is invalid. */
  query(expression: string): Promise<InstantSample[]>;
  /** The result from `from` to `to`, in seconds since the epoch, at intervals of `step` seconds (default 1). */
  queryRange(expression: string, from: number, to: number, step?: number): Promise<RangeSeries[]>;
  /** All loaded rules. */
  rules(): Promise<readonly EvaluatedRule[]>;
  /** `data` of any other response of its API (for example, of `targets`). */
  api(path: string): Promise<unknown>;
}

/**
 * Starts the system's Prometheus with an empty database on a free port of the loopback address, and resolves when it is
 * ready. Its first scrapes follow about 5 s later. It exits with the scope. `ruleFiles` may be patterns, and are evaluated at
 * `evaluationInterval`. Alerts are sent to `alertmanagers` (for example, 127.0.0.1:40123).
 */
export async function startPrometheus(
  scope: TestScope,
  scrapeConfigs: readonly Readonly<Record<string, unknown>>[],
  ruleFiles: readonly string[] = [],
  alertmanagers: readonly string[] = [],
  evaluationInterval = '1s',
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'nfm-exporter-prometheus-'));
  const configFile = join(folder, 'prometheus.json');
  const global = { scrape_interval: '1s', evaluation_interval: evaluationInterval };
  const alerting = { alertmanagers: [{ static_configs: [{ targets: alertmanagers }] }] };
  writeFileSync(configFile, JSON.stringify({ global, alerting, rule_files: ruleFiles, scrape_configs: scrapeConfigs }));
  const address = await startListeningProgram(scope, {
    program: 'prometheus',
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      // Debian's defaults are directories that a test must not use.
      `--web.console.templates=${folder}`,
      `--web.console.libraries=${folder}`,
    ],
    folder,
    readyLine: 'Server is ready to receive web requests',
    hint: 'install Debian\'s package "prometheus"',
  });
  const url = `http://${address}`;

  const api = async (path: string, parameters: Readonly<Record<string, string>> = {}) => {
    // Expressions of dashboards are up to 100 kB long, which take less time in a body. Without compression, both programs do less.
    const response = await fetch(`${url}/api/v1/${path}`, {
      headers: { 'accept-encoding': 'identity' },
      ...(Object.keys(parameters).length === 0 ? {} : { method: 'POST', body: new URLSearchParams(parameters) }),
    });
    const answer: Answer = JSON.parse(await response.text());
    if (answer.status !== 'success') {
      throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error}`);
    }
    return answer.data;
  };
  return {
    url,
    api,
    async query(expression) {
      const { result } = await api('query', { query: expression });
      return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
    },
    async rules() {
      const answer: RulesAnswer = JSON.parse(await (await fetch(`${url}/api/v1/rules`)).text());
      return answer.data.groups.flatMap(({ rules }) => rules);
    },
    async queryRange(expression, from, to, step = 1) {
      const { result } = await api('query_range', {
        query: expression,
        start: `${from}`,
        end: `${to}`,
        step: `${step}`,
      });
      return result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([at, value]) => ({ at, value: Number(value) })),
      }));
    },
  };
}

/** The used members: `value` for instant queries, `values` for range queries. */
interface Answer {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

interface RulesAnswer {
  readonly data: { readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[] };
}
