import { StandardRetryStrategy } from '@smithy/core/retry';
import type { RetryErrorInfo, StandardRetryToken } from '@smithy/types';
import { httpStatusOf } from './errors.ts';

/**
 * The SDK's standard retries, limited to the errors that `isAllowed` accepts. Among these is a signature whose time was
 * refused: the SDK signs the next attempt for the service's time.
 */
export class SelectiveRetries extends StandardRetryStrategy {
  readonly #isAllowed: (error: unknown) => boolean;

  /** `maxAttempts` of a call, the first one included. */
  constructor(maxAttempts: number, isAllowed: (error: unknown) => boolean) {
    super(maxAttempts);
    this.#isAllowed = isAllowed;
  }

  /** @throws Error if the call is not attempted again; the SDK then reports the error of the last attempt. */
  override async refreshRetryTokenForRetry(
    token: StandardRetryToken,
    info: RetryErrorInfo,
  ): Promise<StandardRetryToken> {
    if (!this.#isAllowed(info.error)) {
      throw new Error('no retry of this error');
    }
    return super.refreshRetryTokenForRetry(token, refusesTime(info.error) ? { ...info, errorType: 'TRANSIENT' } : info);
  }
}

/**
 * Whether an error response refuses the time of a signature. The SDK marks errors while this machine's clock is minutes off,
 * but not the one that follows a correction of the clock, when its own correction is what is wrong.
 */
export function refusesTime(error: unknown): boolean {
  const status = httpStatusOf(error) ?? 0;
  if (!(error instanceof Error) || status < 400 || status >= 500) {
    return false;
  }
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const isMarked = typeof metadata === 'object' && metadata !== null && 'clockSkewCorrected' in metadata;
  return isMarked || /^Signature (expired|not yet current)/.test(error.message);
}
