import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestScope } from '../support/daemon.ts';

/** A proxy that responds itself, and keeps everything that it receives. */
export interface TalkativeProxy {
  readonly port: number;
  /** Requests so far: method and URL, headers, body. */
  readonly seen: readonly string[];
}

/** What it gives to who assumes a role. */
export interface RoleCredentials {
  readonly role: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/**
 * Replaces STS and the service. It returns credentials for one role, and errors for everything else, with a repetition of
 * the request, as services, gateways, and debugging proxies do.
 */
export async function startTalkativeProxy(
  { onTestFinished }: TestScope,
  { role, secretAccessKey, sessionToken }: RoleCredentials,
): Promise<TalkativeProxy> {
  const seen: string[] = [];
  const proxy = createServer(async (request, response) => {
    const { method, url = '', rawHeaders } = request;
    const headers = rawHeaders.map((each, i) => (i % 2 === 0 ? `${each.toLowerCase()}:` : `${each}\n`)).join('');
    const body = await text(request);
    seen.push(`${method} ${url}\n${headers}\n${body}`);
    // The secrets first and without names: long messages are truncated, and named secrets are easy to recognize.
    const { 'x-amz-security-token': token, 'proxy-authorization': basic = '' } = request.headers;
    const said = `${token} ${body} ${basic.replace('Basic ', '')} ${headers}`;
    if (url.startsWith('http://sts.') && body.includes(`RoleArn=${encodeURIComponent(role)}`)) {
      const credentials = `<AccessKeyId>ASIATESTTESTTESTTEST</AccessKeyId><SecretAccessKey>${secretAccessKey}</SecretAccessKey><SessionToken>${sessionToken}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`;
      const result = `<AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult>`;
      response.writeHead(200, { 'Content-Type': 'text/xml' }).end(`<AssumeRoleResponse>${result}</AssumeRoleResponse>`);
    } else if (url.startsWith('http://sts.')) {
      const message = said.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>refused: ${message}</Message></Error>`;
      response.writeHead(403, { 'Content-Type': 'text/xml' }).end(`<ErrorResponse>${error}</ErrorResponse>`);
    } else {
      response.writeHead(403, { 'Content-Type': 'application/json', 'x-amzn-errortype': 'InvalidSignatureException' });
      response.end(JSON.stringify({ message: `refused: ${said}` }));
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const address = proxy.address();
  return { port: address !== null && typeof address === 'object' ? address.port : 0, seen };
}
