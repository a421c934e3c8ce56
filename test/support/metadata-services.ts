import { createServer, type IncomingMessage } from 'node:http';
import type { TestScope } from './daemon.ts';
import { listenOnLoopback } from './loopback-server.ts';

/** A source of credentials for a machine or a container, instead of the one at a link-local address. */
export interface MetadataService {
  readonly url: string;
  /** The requests so far: method, path, and the headers with tokens. */
  readonly asked: readonly { readonly line: string; readonly proof: string | undefined }[];
}

export interface IssuedKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Milliseconds. */
  readonly life: number;
}

async function run(
  scope: TestScope,
  proofHeader: string,
  answer: (request: IncomingMessage) => { status: number; body: string },
): Promise<MetadataService> {
  const asked: { line: string; proof: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const proof = request.headers[proofHeader];
    asked.push({ line: `${request.method} ${request.url}`, proof: proof === undefined ? undefined : String(proof) });
    const { status, body } = answer(request);
    response.writeHead(status).end(body);
  });
  const url = await listenOnLoopback(scope, server);
  return { url, asked };
}

/** The agent of ECS or EKS Pod Identity: returns credentials to requests with the token. */
export function runContainerAgent(scope: TestScope, token: () => string, keys: IssuedKeys): Promise<MetadataService> {
  return run(scope, 'authorization', ({ headers }) =>
    headers.authorization === token()
      ? { status: 200, body: JSON.stringify(wireForm(keys)) }
      : { status: 401, body: JSON.stringify({ Code: 'AccessDeniedException', Message: 'not the token' }) },
  );
}

/** Version 2 of an instance's metadata service: returns 401 without a valid session token. */
export function runInstanceMetadata(scope: TestScope, keys: IssuedKeys): Promise<MetadataService> {
  const session = 'a-session-token';
  return run(scope, 'x-aws-ec2-metadata-token', ({ method, url, headers }) => {
    if (method === 'PUT' && url === '/latest/api/token') {
      return { status: 200, body: session };
    }
    if (headers['x-aws-ec2-metadata-token'] !== session) {
      return { status: 401, body: '' };
    }
    switch (url) {
      case '/latest/meta-data/iam/security-credentials/':
        return { status: 200, body: 'exporter-role' };
      case '/latest/meta-data/iam/security-credentials/exporter-role':
        return { status: 200, body: JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...wireForm(keys) }) };
      default:
        return { status: 404, body: '' };
    }
  });
}

function wireForm({ accessKeyId, secretAccessKey, life }: IssuedKeys) {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: 'a-token-of-the-session',
    Expiration: new Date(Date.now() + life).toISOString(),
  };
}
