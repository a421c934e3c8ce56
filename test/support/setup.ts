import { vi } from 'vitest';

/**
 * How long a test waits for what must happen, in milliseconds, at least. That it happens in time is asserted with a clock;
 * a deadline is for what never happens, and a busy machine must not reach it.
 */
const PATIENCE_MS = 20_000;
const FACTOR = 4;

// What tests start inherits it, whatever environment they give it.
const children = process.env['CHILDREN_COVERAGE'];
if (children !== undefined) {
  process.env['NODE_V8_COVERAGE'] = children;
}

const { waitFor } = vi;

const waitPatiently: typeof waitFor = (check, options) => {
  const { timeout = 0, ...rest } = typeof options === 'number' ? { timeout: options } : (options ?? {});
  return waitFor(check, { ...rest, timeout: Math.max(PATIENCE_MS, FACTOR * timeout) });
};

// Files that are not isolated from each other share `vi`, and each runs this again.
if (waitFor.name !== waitPatiently.name) {
  vi.waitFor = waitPatiently;
}
