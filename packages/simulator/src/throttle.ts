/** Whether a request at `now` (milliseconds on the monotonic clock) is within `rate` requests a second. */
export type Throttle = (key: string, rate: number, now: number) => boolean;

/** A token bucket for each key, that holds one second's worth (at least one request) and begins full. */
export function createThrottle(): Throttle {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return (key, rate, now) => {
    const size = Math.max(1, rate);
    const bucket = buckets.get(key) ?? { tokens: size, at: now };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(size, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) {
      return false;
    }
    bucket.tokens -= 1;
    return true;
  };
}
