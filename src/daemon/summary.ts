import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { ApiStats, TargetStats } from '../state/api-stats.ts';

const EVERY_MS = 15 * 60_000;

/** Logs, every 15 minutes, what each target's API has answered since the line before. Returns what ends it. */
export function summarize(apiStats: ApiStats, clock: Clock, log: Logger): () => void {
  const told = new Map<TargetStats, { requests: number; errors: number }>();
  let cancel: () => void = () => undefined;
  const tell = () => {
    for (const stats of apiStats.all()) {
      const sums = sumUp(stats);
      const before = told.get(stats) ?? { requests: 0, errors: 0 };
      told.set(stats, sums);
      log.info('requests summarized', {
        account: stats.target.account,
        aws_region: stats.target.region,
        requests: sums.requests - before.requests,
        errors: sums.errors - before.errors,
        duration: `${EVERY_MS / 1_000}s`,
      });
    }
    cancel = clock.setTimer(EVERY_MS, tell);
  };
  cancel = clock.setTimer(EVERY_MS, tell);
  return () => cancel();
}

function sumUp({ operations }: TargetStats): { requests: number; errors: number } {
  let requests = 0;
  let errors = 0;
  for (const operation of operations.values()) {
    requests += operation.requests;
    for (const count of operation.errors.values()) {
      errors += count;
    }
  }
  return { requests, errors };
}
