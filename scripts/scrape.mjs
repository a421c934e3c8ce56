import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000;
const PAUSE_MS = 200;

/**
 * Gets `url` until the body matches.
 *
 * @param {string} url
 * @param {RegExp} pattern
 * @returns {Promise<string>} the body
 * @throws {Error} when it has not for 20 s
 */
export async function scrapeUntil(url, pattern) {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const body = await response.text();
    if (response.ok && pattern.test(body)) {
      return body;
    }
    if (performance.now() > deadline) {
      throw new Error(`GET ${url} had nothing like ${pattern}: HTTP ${response.status}, ${body.length} characters`);
    }
    await sleep(PAUSE_MS);
  }
}
