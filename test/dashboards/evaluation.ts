import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { run } from '../support/project.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A sample of a result. */
export interface Sample {
  readonly labels: string;
  readonly value: number;
}

/** An expression, with its result at a time. */
export interface Expectation {
  readonly expr: string;
  readonly eval_time: string;
  readonly exp_samples: readonly Sample[];
}

/** Evaluates expressions over series with a value per interval, and over what rules record of them, with promtool. */
export function verify(
  series: readonly { readonly series: string; readonly values: string }[],
  expectations: readonly Expectation[],
  interval = '1m',
  ruleFiles: readonly string[] = [],
): void {
  const file = join(temporaryFolder(), 'dashboards.yml');
  writeFileSync(
    file,
    stringify({
      rule_files: ruleFiles,
      evaluation_interval: interval,
      tests: [{ interval, input_series: series, promql_expr_test: expectations }],
    }),
  );
  const { status, stdout, stderr } = run('promtool', ['test', 'rules', file]);
  expect({ status, said: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, said: '' });
}
