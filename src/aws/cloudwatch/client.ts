import type { Span } from '../../model/run.ts';
import { Calls, type ResponsePage } from '../calls.ts';
import type { ApiError, ApiErrorName } from '../errors.ts';
import type { TargetClientOptions } from '../sdk.ts';
import { type MetricPage, type MetricRequest, metricDataInput, readMetricData } from './metric-data.ts';
import type { CloudwatchSdk } from './sdk.ts';

/** The operation of CloudWatch that the exporter calls. */
export const METRIC_DATA_OPERATION: { readonly name: string; readonly modelledErrors: readonly ApiErrorName[] } = {
  name: 'GetMetricData',
  modelledErrors: ['AccessDeniedException', 'InternalServerException', 'ThrottlingException', 'ValidationException'],
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
    });
  }

  /**
   * Returns a page of the points of at most 500 metrics in a range of whole one-minute periods.
   *
   * @throws ApiError; `InvalidResponse` for a response that is not as expected
   */
  async metricData(
    requests: readonly MetricRequest[],
    range: Span,
    nextToken: string | undefined,
    signal: AbortSignal,
  ): Promise<ResponsePage<readonly MetricPage[]>> {
    const input = metricDataInput(requests, range, nextToken);
    return this.#calls.page(
      METRIC_DATA_OPERATION.name,
      { input, send: (sdk, abort) => sdk.getMetricData(input, abort) },
      'NextToken',
      (response) => readMetricData(response, requests.length, range),
      signal,
      {
        onEnd: (accepted) => {
          if (accepted > 0) {
            this.#options.onBilled(accepted * requests.length);
          }
        },
      },
    );
  }

  /** Reports an invalid response whose single pages are valid. Returns the error. */
  refuse(message: string): ApiError {
    return this.#calls.refused('InvalidResponse', METRIC_DATA_OPERATION.name, message);
  }
}
