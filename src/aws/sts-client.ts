import type { STSClientConfig } from '@aws-sdk/client-sts';
import type { StsSettings } from './credentials/sts.ts';
import { refusesTime, SelectiveRetries } from './selective-retries.ts';

/** A second attempt is made only if the time of the signature was refused: a client learns the offset of the clock so. */
const MAX_ATTEMPTS = 2;

/** The configuration of the SDK's STS clients. Callers retry other failures at their own pace. */
export function stsClientConfig({ handler, region, endpoint }: StsSettings): STSClientConfig {
  return {
    region,
    requestHandler: handler,
    maxAttempts: MAX_ATTEMPTS,
    retryStrategy: new SelectiveRetries(MAX_ATTEMPTS, refusesTime),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}
