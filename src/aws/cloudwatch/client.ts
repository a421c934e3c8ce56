import type { GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import type { Span } from '../../model/run.ts';
import { Calls, type ResponsePage, type SdkOperation } from '../calls.ts';
import type { ApiError } from '../errors.ts';
import type { TargetClientOptions } from '../sdk.ts';
import { type MetricPage, type MetricRequest, metricDataInput, readMetricData } from './metric-data.ts';
import type { CloudwatchSdk } from './sdk.ts';

export const METRIC_DATA_OPERATION: SdkOperation<CloudwatchSdk, GetMetricDataCommandInput> = {
  name: 'GetMetricData',
  modelledErrors: ['AccessDeniedException', 'InternalServerException', 'ThrottlingException', 'ValidationException'],
  prepare: (input) => ({ input, send: (sdk, signal) => sdk.getMetricData(input, signal) }),
};

export interface CloudwatchClientOptions extends TargetClientOptions {
  /** Receives the number of metrics that AWS bills: those of each attempt that AWS accepted, or may have accepted. */
  readonly onBilled: (metrics: number) => void;
}

/** Client of CloudWatch in one target, within a request budget of its own. Hides the SDK from the rest of the exporter. */
export class CloudwatchClient {
  readonly #options: CloudwatchClientOptions;
  readonly #calls: Calls<CloudwatchSdk>;

  constructor(options: CloudwatchClientOptions) {
    this.#options = options;
    this.#calls = new Calls<CloudwatchSdk>({
      target: options.target,
      observer: options.observer,
      async createSdk(callOf) {
        const { createCloudwatchSdk } = await import('./sdk.ts');
        return createCloudwatchSdk(options, callOf);
      },
      tokenMember: 'NextToken',
    });
  }

  /**
   * Returns a page of the points of at most 500 metrics in a range of whole one-minute periods.
   * @throws ApiError; `InvalidResponse` for a response that is not as expected
   */
  async metricData(
    requests: readonly MetricRequest[],
    range: Span,
    nextToken: string | undefined,
    signal: AbortSignal,
  ): Promise<ResponsePage<readonly MetricPage[]>> {
    const input = metricDataInput(requests, range, nextToken);
    const read = (response: unknown) => readMetricData(response, requests.length, range);
    const onEnd = (accepted: number) => {
      if (accepted > 0) {
        this.#options.onBilled(accepted * requests.length);
      }
    };
    return this.#calls.page(METRIC_DATA_OPERATION, input, read, signal, { onEnd });
  }

  /** Reports an invalid response whose single pages are valid. Returns the error. */
  refuse(message: string): ApiError {
    return this.#calls.refused(METRIC_DATA_OPERATION, message);
  }
}
