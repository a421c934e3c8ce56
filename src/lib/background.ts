import type { LogFields, Logger } from './log.ts';

/**
 * Runs work that nothing waits for. A failure is logged at level error, and never ends the process.
 * @param what name of the work in the log (for example, `cleanup of stored results`)
 */
export function background(log: Pick<Logger, 'error'>, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error('background work failed', { work: what, ...failureFields(error) });
  });
}

/** Returns the log fields of an unexpected failure. */
export function failureFields(error: unknown): LogFields {
  return error instanceof Error
    ? { error: error.name, reason: error.message }
    : { error: typeof error, reason: String(error) };
}
