import type { STSClientConfig } from '@aws-sdk/client-sts';
import { StandardRetryStrategy } from '@smithy/core/retry';
import type { RetryErrorInfo, StandardRetryToken } from '@smithy/types';
import type { StsSettings } from './credentials/sts.ts';
import { httpStatusOf } from './errors.ts';

/**
 * The SDK's standard retries, limited to errors that `isAllowed` accepts. They include errors about the time of a signature:
 * the SDK signs the next attempt for the service's time.
 */
export class SelectiveRetries extends StandardRetryStrategy {
  readonly #isAllowed: (error: unknown) => boolean;

  /** `maxAttempts` of a call, including the first one. */
  constructor(maxAttempts: number, isAllowed: (error: unknown) => boolean) {
    super(maxAttempts);
    this.#isAllowed = isAllowed;
  }

  /** @throws Error if the call is not retried. The SDK then reports the error of the last attempt. */
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
 * Whether an error response rejects the time of a signature. The SDK marks such errors while the clock of this machine is
 * wrong, but not the first one after the clock was corrected, which its own correction causes.
 */
function refusesTime(error: unknown): boolean {
  const status = httpStatusOf(error) ?? 0;
  if (!(error instanceof Error) || status < 400 || status >= 500) {
    return false;
  }
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const isMarked = typeof metadata === 'object' && metadata !== null && 'clockSkewCorrected' in metadata;
  return isMarked || /^Signature (expired|not yet current)/.test(error.message);
}

/** A second attempt is made only after an error response about the time of the signature, which has the clock offset. */
const STS_ATTEMPTS = 2;

/** The configuration of the SDK's STS clients. Callers retry other failures. */
export function stsClientConfig({ handler, region, endpoint }: StsSettings): STSClientConfig {
  return {
    region,
    requestHandler: handler,
    maxAttempts: STS_ATTEMPTS,
    retryStrategy: new SelectiveRetries(STS_ATTEMPTS, refusesTime),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
