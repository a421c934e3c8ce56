import type { LogFields, Logger } from './log.ts';

/**
 * Leaves work to itself that nobody waits for: its failure is logged at level error, and never ends the process.
 *
 * @param what names the work in the log, such as `cleanup of stored results`
 */
export function background(log: Pick<Logger, 'error'>, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error('background work failed', { work: what, ...failureFields(error) });
  });
}

/** What is logged of a failure that nobody expects. */
export function failureFields(error: unknown): LogFields {
  return error instanceof Error
    ? { error: error.name, reason: error.message }
    : { error: typeof error, reason: String(error) };
}
