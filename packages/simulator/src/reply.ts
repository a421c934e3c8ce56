import type { BodyFault } from './fault.ts';
import type { ServiceError } from './service-error.ts';
import type { Worlds } from './worlds.ts';

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Name of the error; undefined for a success. */
  error?: string;
}

export function jsonReply(body: unknown, requestId: string): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-RequestId': requestId },
    body: JSON.stringify(body),
  };
}

/** An error of the restJson1 protocol, in the form of the scenario's worlds. */
export function jsonErrorReply(
  error: ServiceError,
  requestId: string,
  { errorForm, messageKey }: Pick<Worlds, 'errorForm' | 'messageKey'>,
): Reply {
  const { status, code } = error;
  const namespaced = `com.amazonaws.networkflowmonitor#${code}`;
  const uri = `${code}:http://internal.amazon.com/coral/com.amazonaws.networkflowmonitor/`;
  const errorType = { plain: code, namespaced, uri, bodyType: undefined, bodyCode: undefined }[errorForm];
  const body = {
    [messageKey]: error.message,
    ...(errorForm === 'bodyType' && { __type: namespaced }),
    ...(errorForm === 'bodyCode' && { code }),
  };
  const reply = jsonReply(body, requestId);
  const headers = {
    ...reply.headers,
    ...retryAfterHeader(error),
    ...(errorType !== undefined && { 'x-amzn-errortype': errorType }),
  };
  return { ...reply, status, headers, error: code };
}

/** A successful response of the awsJson1_0 protocol. */
export function awsJsonReply(body: unknown, requestId: string): Reply {
  const { headers, ...reply } = jsonReply(body, requestId);
  return { ...reply, headers: { ...headers, 'content-type': 'application/x-amz-json-1.0' } };
}

/** Names of the query protocol, unless they are those of the JSON protocol. */
const QUERY_CODES = new Map([
  ['ValidationException', 'ValidationError'],
  ['ThrottlingException', 'Throttling'],
  ['AccessDeniedException', 'AccessDenied'],
  ['MissingAuthenticationTokenException', 'MissingAuthenticationToken'],
  ['IncompleteSignatureException', 'IncompleteSignature'],
  ['UnrecognizedClientException', 'InvalidClientTokenId'],
  ['InvalidSignatureException', 'SignatureDoesNotMatch'],
  ['ExpiredTokenException', 'ExpiredToken'],
]);

/** An error of the awsJson1_0 protocol, for a service that had the query protocol before. */
export function queryCompatibleErrorReply(error: ServiceError, requestId: string): Reply {
  const { code, status, message } = error;
  const reply = awsJsonReply({ __type: `com.amazonaws.cloudwatch.v2010_08_01#${code}`, message }, requestId);
  const queryError = `${QUERY_CODES.get(code) ?? code};${status < 500 ? 'Sender' : 'Receiver'}`;
  const headers = { ...reply.headers, ...retryAfterHeader(error), 'x-amzn-query-error': queryError };
  return { ...reply, status, headers, error: code };
}

const STS_NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** Nested XML elements in their order: texts or elements. */
export interface Elements {
  readonly [name: string]: string | Elements;
}

/** A successful response of the query protocol. */
export function xmlReply(operation: string, result: Elements, requestId: string): Reply {
  const content = { [`${operation}Result`]: result, ResponseMetadata: { RequestId: requestId } };
  return {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId },
    body: `<${operation}Response xmlns="${STS_NAMESPACE}">${xml(content)}</${operation}Response>\n`,
  };
}

/** An error of the query protocol. */
export function xmlErrorReply(error: ServiceError, requestId: string): Reply {
  const content = {
    Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
    RequestId: requestId,
  };
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml', 'x-amzn-RequestId': requestId, ...retryAfterHeader(error) },
    body: `<ErrorResponse xmlns="${STS_NAMESPACE}">${xml(content)}</ErrorResponse>\n`,
    error: error.code,
  };
}

function xml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, value]) => `<${name}>${typeof value === 'string' ? escapeXml(value) : xml(value)}</${name}>`)
    .join('');
}

function escapeXml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function retryAfterHeader({ retryAfter }: ServiceError): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter / 1000)) };
}

const PROXY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

export function spoiled(reply: Reply, { body, status = reply.status }: BodyFault): Reply {
  switch (body) {
    case 'html':
      // The page of a proxy, without headers of the service.
      return { status, headers: { 'content-type': 'text/html' }, body: PROXY_PAGE };
    case 'empty':
      return { ...reply, status, body: '' };
    case 'garbage':
      return { ...reply, status, body: Uint8Array.of(0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe, 0x7b, 0xc3) };
    case 'truncated':
      return { ...reply, status, body: reply.body.slice(0, Math.ceil(reply.body.length / 2)) };
    case 'wrongTypes':
      return { ...reply, status, body: withWrongTypes(String(reply.body)) };
  }
}

function withWrongTypes(body: string): string {
  if (!body.startsWith('{')) {
    return '<Unexpected/>\n';
  }
  const members: Readonly<Record<string, unknown>> = JSON.parse(body);
  return JSON.stringify(Object.fromEntries(Object.entries(members).map(([name, value]) => [name, ofOtherType(value)])));
}

function ofOtherType(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return 7;
    case 'object':
      return Array.isArray(value) ? { first: true } : 'text';
    default:
      return ['text'];
  }
}
