import type { ServiceError } from './service-error.ts';
import type { Worlds } from './worlds.ts';

/** An HTTP answer, whole. Header names are as they go on the wire. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** The error's name, when it is one. */
  error?: string;
}

export function jsonAnswer(body: unknown, requestId: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-RequestId': requestId },
    body: JSON.stringify(body),
  };
}

/** An error of the restJson1 protocol, in the form that the worlds choose. */
export function jsonErrorAnswer(
  error: ServiceError,
  requestId: string,
  worlds: Pick<Worlds, 'errorForm' | 'messageKey'>,
): Answer {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'x-amzn-RequestId': requestId,
    ...retryAfterHeader(error),
  };
  const body: Record<string, string> = { [worlds.messageKey]: error.message };
  const namespaced = `com.amazonaws.networkflowmonitor#${error.code}`;
  switch (worlds.errorForm) {
    case 'plain':
      headers['x-amzn-errortype'] = error.code;
      break;
    case 'namespaced':
      headers['x-amzn-errortype'] = namespaced;
      break;
    case 'uri':
      headers['x-amzn-errortype'] = `${error.code}:http://internal.amazon.com/coral/com.amazonaws.networkflowmonitor/`;
      break;
    case 'bodyType':
      body['__type'] = namespaced;
      break;
    case 'bodyCode':
      body['code'] = error.code;
      break;
  }
  return { status: error.status, headers, body: JSON.stringify(body), error: error.code };
}

export function retryAfterHeader({ retryAfter }: ServiceError): Record<string, string> {
  return retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter / 1000)) };
}
