import type { Section } from './assembly.ts';
import { limits, timeSeries } from './panels.ts';
import { OF_TARGET } from './promql.ts';

const ERROR_BUDGET = '1 - aws_nfm:threshold{name="service_level_target_ratio"}';

/** Failed shares of windows and polls, from the recording rules of docs/service-level.md. */
export function serviceLevel(): Section {
  return {
    title: 'Service level',
    panels: [failedShare('1h', 'the last hour'), failedShare('3d', 'the last three days')],
  };
}

function failedShare(range: '1h' | '3d', words: string) {
  return limits(
    timeSeries(
      `Failed windows and polls, ${range}`,
      `Share of due windows and polls of ${words} that failed or were late. Dashed: the error budget, 1 minus the target. Needs the recording rules.`,
      [`target:aws_nfm_service_level_failed:ratio${range}{${OF_TARGET}}`, '{{account}} {{aws_region}} {{sli}}'],
      [ERROR_BUDGET, 'error budget'],
    ).unit('percentunit'),
    'B',
  );
}
