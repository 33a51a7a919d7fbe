/** Microseconds, an hour; what took longer counts as this long. */
export const LONGEST = 3_600_000_000;

/** Of all histograms of latencies, so that they can be added up. */
export const LAYOUT = {
  // As wide as a double: counters that no run makes overflow.
  bitBucketSize: 64,
  lowestDiscernibleValue: 1,
  highestTrackableValue: LONGEST,
  numberOfSignificantValueDigits: 3,
} as const;
