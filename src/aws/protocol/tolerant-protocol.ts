import { AwsJson1_0Protocol, AwsRestJsonProtocol } from '@aws-sdk/core/protocols';
import { collectBody } from '@smithy/core/protocols';
import type { TypeRegistry } from '@smithy/core/schema';
import type {
  HandlerExecutionContext,
  HttpResponse,
  MetadataBearer,
  OperationSchema,
  SerdeFunctions,
} from '@smithy/types';
import { members, parsedJson } from '../../lib/json-values.ts';
import { TolerantCodec } from './tolerant-codec.ts';

/**
 * restJson1 as the service and the proxies in front of it send it, for the constructor of a client. It uses exports of the
 * SDK's runtime only, so it works with AWS's client and with the stand-in.
 */
export class TolerantProtocol extends AwsRestJsonProtocol {
  constructor(settings: { defaultNamespace: string; errorTypeRegistries: TypeRegistry[] }) {
    super({ ...settings, jsonCodec: new TolerantCodec() });
  }

  /**
   * Reads any error response as an exception of the service, whatever its body is. The base class throws the SyntaxError of
   * the body, which has neither the error type of the header nor the fault, and accepts `$retryable` and a numeric `code`.
   *
   * @throws NetworkFlowMonitorServiceException for a status of 300 and more.
   * @throws SyntaxError or TypeError for a success that cannot be read (see TolerantCodec).
   */
  override async deserializeResponse<Output extends MetadataBearer>(
    operation: OperationSchema,
    context: HandlerExecutionContext & SerdeFunctions,
    response: HttpResponse,
  ): Promise<Output> {
    if (response.statusCode < 300) {
      return super.deserializeResponse(operation, context, response);
    }
    const error = await readError(context, response);
    return this.handleError(operation, context, response, error, this.deserializeMetadata(response));
  }
}

/** AwsJson 1.0, the protocol of CloudWatch, as tolerant as {@link TolerantProtocol}. */
export class TolerantJsonRpc extends AwsJson1_0Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_0Protocol>[0]) {
    super({ ...settings, jsonCodec: new TolerantCodec() });
  }

  /** As in {@link TolerantProtocol}. */
  override async deserializeResponse<Output extends MetadataBearer>(
    operation: OperationSchema,
    context: HandlerExecutionContext & SerdeFunctions,
    response: HttpResponse,
  ): Promise<Output> {
    if (response.statusCode < 300) {
      return super.deserializeResponse(operation, context, response);
    }
    const error = await readError(context, response);
    return this.handleError(operation, context, response, error, this.deserializeMetadata(response));
  }
}

/** Returns the members of an error response, with a message in any case. */
async function readError(context: SerdeFunctions, response: HttpResponse): Promise<Record<string, string>> {
  const body = context.utf8Encoder(await collectBody(response.body, context));
  const error = readErrorBody(body);
  if (error['message'] === undefined && error['Message'] === undefined) {
    error['message'] = describe(response, body);
  }
  return error;
}

/** In UTF-16 units. An error has one member, its message; the body of a longer one is not parsed, which would take time. */
const LONGEST_ERROR_BODY = 256 * 1_024;

/** Returns the members of an error body that name the error, if they are text and not empty. */
function readErrorBody(body: string): Record<string, string> {
  // A body that is not JSON is from a proxy, or cut short: the status and the header suffice.
  const parsed = body.length > LONGEST_ERROR_BODY ? undefined : parsedJson(body);
  const known: Record<string, string> = {};
  for (const [name, value] of Object.entries(members(parsed))) {
    if (typeof value === 'string' && value !== '' && /^(message|code|__type)$/i.test(name)) {
      known[name] = value;
    }
  }
  return known;
}

/** The message of an error whose response has none. */
function describe({ statusCode, headers }: HttpResponse, body: string): string {
  const received = body === '' ? 'no body' : (headers['content-type'] ?? 'a body of unknown type');
  return `HTTP status ${statusCode} without an error message (${received})`;
}
