import { NetworkFlowMonitorClient, type NetworkFlowMonitorClientConfig } from '@aws-sdk/client-networkflowmonitor';
import { onTestFinished } from 'vitest';
import type { Service } from '../../../test/support/canned-service.ts';

export { type Answer, type Received, type Service, serve } from '../../../test/support/canned-service.ts';

export const CREDENTIALS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-a-real-secret' };

/** A client that ends with the test. It has a copy of the credentials, because clients write into these. */
export function createClient({ credentials, ...config }: NetworkFlowMonitorClientConfig): NetworkFlowMonitorClient {
  const own = typeof credentials === 'object' ? { ...credentials } : credentials;
  const client = new NetworkFlowMonitorClient({ ...config, ...(own && { credentials: own }) });
  onTestFinished(() => client.destroy());
  return client;
}

/** A client of `service` with one attempt by default. */
export function clientOf({ url }: Service, config: NetworkFlowMonitorClientConfig = {}): NetworkFlowMonitorClient {
  return createClient({ region: 'eu-west-1', credentials: CREDENTIALS, endpoint: url, maxAttempts: 1, ...config });
}
