import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { RequestHandler } from 'express';
import { HttpError, sendBody } from '../server/respond.ts';
import { STYLE } from './status-page-style.ts';
/** Where the status page's assets are, relative to the page. */
export const ASSETS = '-/assets';

/** Tells browsers where the one module is that the page's script imports by its package's name. */
export const IMPORT_MAP = JSON.stringify({ imports: { idiomorph: `./${ASSETS}/idiomorph.js` } });

const IMPORT_MAP_HASH = createHash('sha256').update(IMPORT_MAP).digest('base64');

/**
 * What the status page may do: use its own style sheet and script (the import map is allowed by its hash), ask its own
 * host, and send its search form there. The image is the empty icon that keeps browsers from asking for another.
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

const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

const compiled = (file: string) => readFile(new URL(`../browser/${file}`, import.meta.url));
const dependency = (file: string) => readFile(createRequire(import.meta.url).resolve(file));

const FILES: ReadonlyMap<string, { readonly type: string; readonly read: () => Promise<Buffer> }> = new Map([
  ['status-page.css', { type: CSS, read: () => Promise.resolve(Buffer.from(STYLE)) }],
  ['status-page.js', { type: JAVASCRIPT, read: () => compiled('status-page.js') }],
  ['relative-time.js', { type: JAVASCRIPT, read: () => compiled('relative-time.js') }],
  ['idiomorph.js', { type: JAVASCRIPT, read: () => dependency('idiomorph/dist/idiomorph.esm.js') }],
]);

/** `GET /-/assets/FILE`, on a pattern with `:file`: what the status page needs beside itself, or 404. */
export function assetEndpoint(): RequestHandler {
  return async (request, response) => {
    const { file } = request.params;
    const asset = typeof file === 'string' ? FILES.get(file) : undefined;
    if (asset === undefined) {
      throw new HttpError('not_found', 'There is no such asset');
    }
    sendBody(response, 200, asset.type, await asset.read());
  };
}
