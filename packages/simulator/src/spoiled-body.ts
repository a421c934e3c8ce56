import type { Answer } from './answer.ts';
import type { BodyFault } from './fault.ts';

const PROXY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

/** The answer that a body fault makes of the true one. */
export function spoiled(answer: Answer, { body, status = answer.status }: BodyFault): Answer {
  switch (body) {
    case 'html':
      // A proxy's page: none of the service's headers.
      return { status, headers: { 'content-type': 'text/html' }, body: PROXY_PAGE };
    case 'empty':
      return { ...answer, status, body: '' };
    case 'garbage':
      return { ...answer, status, body: Uint8Array.of(0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe, 0x7b, 0xc3) };
    case 'truncated':
      return { ...answer, status, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) };
    case 'wrongTypes':
      return { ...answer, status, body: withWrongTypes(String(answer.body)) };
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
