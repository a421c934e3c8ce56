import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/log.ts';
import type { ApiStats, TargetStats } from '../state/api-stats.ts';

const EVERY_MS = 15 * 60_000;

/** Logs the numbers of attempts and errors of each target every 15 minutes. Returns a function that stops it. */
export function summarize(apiStats: ApiStats, clock: Clock, log: Logger): () => void {
  const logged = new Map<TargetStats, { requests: number; errors: number }>();
  let cancel: () => void = () => undefined;
  const logAll = () => {
    for (const stats of apiStats.all()) {
      const sums = sumUp(stats);
      const before = logged.get(stats) ?? { requests: 0, errors: 0 };
      logged.set(stats, sums);
      log.info('requests summarized', {
        account: stats.target.account,
        aws_region: stats.target.region,
        requests: sums.requests - before.requests,
        errors: sums.errors - before.errors,
        duration: `${EVERY_MS / 1_000}s`,
      });
    }
    cancel = clock.setTimer(EVERY_MS, logAll);
  };
  cancel = clock.setTimer(EVERY_MS, logAll);
  return () => cancel();
}

function sumUp({ operations }: TargetStats): { requests: number; errors: number } {
  const counts = [...operations.values()];
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    requests: sum(counts.map(({ requests }) => requests)),
    errors: sum(counts.flatMap(({ errors }) => [...errors.values()])),
  };
}
