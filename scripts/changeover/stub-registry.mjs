import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/**
 * A registry on loopback that has one version of one package, and responds 404 to everything else.
 *
 * @param {Readonly<Record<string, unknown>> & { name: string, version: string }} manifest
 * @param {Uint8Array} tarball
 */
export async function startStubRegistry(manifest, tarball) {
  /** @type {string[]} paths of requests for other things, which it has not passed on */
  const refused = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    if (path === '/tarball.tgz') {
      response.end(tarball);
    } else if (path === `/${manifest.name}`) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(packument()));
    } else {
      refused.push(path);
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;

  function packument() {
    const { name, version } = manifest;
    const dist = { tarball: `${url}/tarball.tgz`, integrity };
    return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
  }

  return {
    url,
    refused,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
