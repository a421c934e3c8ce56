import { afterAll, vi } from 'vitest';

/**
 * Minimum timeout of a test for an event that must happen, in milliseconds. Tests check times with a clock. This timeout is for
 * events that never happen, and a busy machine must not reach it.
 */
const PATIENCE_MS = 20_000;
const FACTOR = 4;

// Child processes of tests inherit it with any environment.
const children = process.env['CHILDREN_COVERAGE'];
if (children !== undefined) {
  process.env['NODE_V8_COVERAGE'] = children;
}

// Programs in Go (promtool, Prometheus, helm) end before their garbage matters, and its collection takes a sixth of their time.
process.env['GOGC'] = '400';

const { waitFor } = vi;

const waitPatiently: typeof waitFor = (check, options) => {
  const { timeout = 0, ...rest } = typeof options === 'number' ? { timeout: options } : (options ?? {});
  return waitFor(check, { ...rest, timeout: Math.max(PATIENCE_MS, FACTOR * timeout) });
};

// The files of a worker share its process, and each runs this again.
const environment = { ...process.env };
afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) {
    if (!(name in environment)) {
      delete process.env[name];
    }
  }
  Object.assign(process.env, environment);
});

if (waitFor.name !== waitPatiently.name) {
  vi.waitFor = waitPatiently;
}
