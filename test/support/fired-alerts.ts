import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDuration } from '../../src/config/reading/texts.ts';
import { inOrder, nameOf, withOnlyNeeded, withSeries } from '../rules/needed-rules.ts';
import { ALERTS, RULE_GROUPS } from '../rules/rule-files.ts';
import type { TestScope } from './daemon.ts';
import type { InputSeries } from './recorded-scrapes.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The alerts that fire at a minute of the recorded time. */
export type FiringAlerts = readonly Readonly<Record<string, string>>[];

const RESULT = /expr: "ALERTS[^"]*(?:\\"[^"]*)*", time: (?<time>\S+),\s+exp: nil\s+got: (?<got>.*)/g;
const SAMPLE = /\{(?<labels>(?:[^"}]|"(?:[^"\\]|\\.)*")*)\} [\dE+]+/g;
const LABEL = /(?<name>\w+)=(?<value>"(?:[^"\\]|\\.)*")/g;

/**
 * Evaluates the alerts of config/rules with promtool over series with a sample per minute. Returns the firing alerts of each minute that has some.
 */
export async function firingAlerts(
  scope: TestScope,
  series: readonly InputSeries[],
  minutes: number,
): Promise<ReadonlyMap<number, FiringAlerts>> {
  const folder = temporaryFolder(scope);
  const file = join(folder, 'storm.json');
  const rules = join(folder, 'rules.json');
  const ofAlerts = withOnlyNeeded(
    RULE_GROUPS.map(({ file: _, ...group }) => group),
    ALERTS.map(({ alert }) => alert),
  );
  const groups = withSeries(ofAlerts, new Set(series.map((each) => nameOf(each.series))));
  writeFileSync(rules, JSON.stringify({ groups }));
  const times = Array.from({ length: minutes }, (_, minute) => minute);
  writeFileSync(
    file,
    JSON.stringify({
      rule_files: [rules],
      evaluation_interval: '1m',
      ...inOrder(groups),
      tests: [
        {
          interval: '1m',
          input_series: series,
          promql_expr_test: times.map((minute) => ({
            expr: 'ALERTS{alertstate="firing"}',
            eval_time: `${minute}m`,
            exp_samples: [],
          })),
        },
      ],
    }),
  );
  const output = await promtool(['test', 'rules', file]);
  const firing = new Map<number, FiringAlerts>();
  for (const { groups } of output.matchAll(RESULT)) {
    firing.set(minutesOf(groups?.['time'] ?? ''), [...(groups?.['got'] ?? '').matchAll(SAMPLE)].map(labelsOf));
  }
  return firing;
}

/** Returns the output of a failing test: what it lists as unexpected is the result. */
async function promtool(args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('promtool', args, { maxBuffer: 2 ** 28 });
    return stdout;
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && 'stderr' in error) {
      return `${error.stdout}${error.stderr}`;
    }
    throw error;
  }
}

function labelsOf([, labels = '']: RegExpMatchArray): Readonly<Record<string, string>> {
  const pairs = [...labels.matchAll(LABEL)].map(({ groups }) => [
    groups?.['name'] ?? '',
    JSON.parse(groups?.['value'] ?? '""'),
  ]);
  const { __name__: _name, alertstate: _state, ...rest } = Object.fromEntries(pairs);
  return rest;
}

/** Minutes of a duration like 1h5m. */
function minutesOf(duration: string): number {
  const ms = duration === '0s' ? 0 : parseDuration(duration);
  if (ms === undefined) {
    throw new Error(`no duration: ${duration}`);
  }
  return ms / 60_000;
}
