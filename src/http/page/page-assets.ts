import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { RequestHandler } from 'express';
import { CSS, HttpError, JAVASCRIPT, sendBody } from '../server/respond.ts';
import { STYLE } from './status-page-style.ts';

/** Path of the assets, relative to the status page. */
export const ASSETS = '-/assets';

/** Maps the module that the page's script imports by package name to its path. */
export const IMPORT_MAP = JSON.stringify({ imports: { idiomorph: `./${ASSETS}/idiomorph.js` } });

const IMPORT_MAP_HASH = createHash('sha256').update(IMPORT_MAP).digest('base64');

/**
 * Content security policy of the status page: its own style sheet and scripts (the import map by its hash), requests and the
 * search form to its own host. The image is the empty icon, which prevents requests for a favicon.
 */
export const STATUS_PAGE_POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${IMPORT_MAP_HASH}'`,
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const SCRIPTS: ReadonlyMap<unknown, () => Promise<Buffer>> = new Map([
  ['status-page.js', () => readFile(new URL('../browser/status-page.js', import.meta.url))],
  ['relative-time.js', () => readFile(new URL('../browser/relative-time.js', import.meta.url))],
  ['idiomorph.js', () => readFile(createRequire(import.meta.url).resolve('idiomorph/dist/idiomorph.esm.js'))],
]);

/** `GET /-/assets/FILE`, on a pattern with `:file`: an asset of the status page, or 404. */
export function assetEndpoint(): RequestHandler {
  return async (request, response) => {
    const { file } = request.params;
    if (file === 'status-page.css') {
      sendBody(response, 200, CSS, Buffer.from(STYLE));
      return;
    }
    const script = SCRIPTS.get(file);
    if (script === undefined) {
      throw new HttpError('not_found', 'Not found');
    }
    sendBody(response, 200, JAVASCRIPT, await script());
  };
}
