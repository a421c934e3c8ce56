import { NetworkFlowMonitorClient } from '@aws-sdk/client-networkflowmonitor';
import { onTestFinished } from 'vitest';
import { TolerantProtocol } from '../../src/aws/protocol/tolerant-protocol.ts';
import type { Service } from '../support/canned-service.ts';
import { CREDENTIALS } from './status-service.ts';

/** The installed client with the exporter's protocol, for calls to `service`. It ends with the test. */
export function clientOf({ url }: Service, { maxAttempts = 1 } = {}): NetworkFlowMonitorClient {
  const client = new NetworkFlowMonitorClient({
    region: 'eu-west-1',
    credentials: { ...CREDENTIALS },
    endpoint: url,
    protocol: TolerantProtocol,
    maxAttempts,
  });
  onTestFinished(() => client.destroy());
  return client;
}
