import { makeBuilder } from '@smithy/core/client';
import { getEndpointPlugin } from '@smithy/core/endpoints';
import type { StaticOperationSchema } from '@smithy/types';
import { ENDPOINT_PARAMETERS } from './endpoint.ts';
import type { NetworkFlowMonitorClientResolvedConfig } from './runtimeConfig.ts';
import type { ServiceInputTypes, ServiceOutputTypes } from './serviceTypes.ts';

const build = makeBuilder<NetworkFlowMonitorClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>(
  ENDPOINT_PARAMETERS,
  'NetworkFlowMonitor',
  'NetworkFlowMonitorClient',
  getEndpointPlugin,
);

/** The class that an operation's command extends. */
export function command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  operation: StaticOperationSchema,
): ReturnType<typeof build<Input, Output>> {
  return build<Input, Output>({}, () => [], operation[2], operation);
}
