import type { Logger } from './log.ts';

/**
 * Leaves work to itself that nobody waits for: its failure is logged at level error, and never ends the process.
 *
 * @param what names the work in the log, such as `cleanup of stored results`
 */
export function background(log: Pick<Logger, 'error'>, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error('background work failed', {
      work: what,
      error: error instanceof Error ? error.name : typeof error,
      reason: error instanceof Error ? error.message : String(error),
    });
  });
}
