import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import type { Registry } from 'prom-client';

const gzip = promisify(gzipWithCallback);

export interface PromClientServer {
  /** On loopback. */
  readonly port: number;
  /** Makes the page without HTTP. */
  render(compressed: boolean): Promise<Buffer>;
}

/** Serves a registry as prom-client's documentation has it, `registry.metrics()` at each scrape; compressed by zlib. */
export async function servePromClient(registry: Registry): Promise<PromClientServer> {
  const render = async (compressed: boolean) => {
    const text = await registry.metrics();
    return compressed ? gzip(text) : Buffer.from(text);
  };
  const server = createServer((request, response) => {
    const compressed = request.headers['accept-encoding'] === 'gzip';
    render(compressed).then(
      (body) => {
        response.writeHead(200, {
          'Content-Type': registry.contentType,
          'Content-Length': body.length,
          ...(compressed ? { 'Content-Encoding': 'gzip' } : {}),
        });
        response.end(body);
      },
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server listens on no TCP port');
  }
  return { port: address.port, render };
}
