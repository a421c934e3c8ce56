/** What `contributors.roundTripTimeUnit` may be: what round-trip times are in where an answer names no unit. */
export const ROUND_TRIP_TIME_UNITS = ['SECONDS', 'MILLISECONDS', 'MICROSECONDS'] as const;
export type RoundTripTimeUnit = (typeof ROUND_TRIP_TIME_UNITS)[number];
