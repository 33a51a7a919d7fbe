import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssembly,
} from 'hdr-histogram-js';

// Its JavaScript takes four times as long for each value as its WebAssembly.
await initWebAssembly();

/** An hour; what took longer counts as this long. */
const LONGEST = 3_600_000_000;
const LAYOUT = {
  // As wide as a double: counters that no run makes overflow.
  bitBucketSize: 64,
  lowestDiscernibleValue: 1,
  highestTrackableValue: LONGEST,
  numberOfSignificantValueDigits: 3,
} as const;

/** Microseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Latencies of one worker. Three significant digits are kept of each. */
export class LatencyRecorder {
  readonly #histogram: Histogram = build({ ...LAYOUT, useWebAssembly: true });

  /** @param milliseconds as the difference of two `performance.now()` */
  record(milliseconds: number): void {
    const micros = Math.round(milliseconds * 1e3);
    this.#histogram.recordValue(micros < LONGEST ? micros : LONGEST);
  }

  /** In HdrHistogram's own format, compressed. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }
}

/** Percentiles over the latencies of several workers; undefined where there are none. */
export function mergedPercentiles(encoded: Iterable<string>): Percentiles | undefined {
  const all = build(LAYOUT);
  for (const text of encoded) all.add(decodeFromCompressedBase64(text, LAYOUT.bitBucketSize));
  if (all.totalCount === 0) return undefined;
  return {
    p50: all.getValueAtPercentile(50),
    p90: all.getValueAtPercentile(90),
    p99: all.getValueAtPercentile(99),
    p999: all.getValueAtPercentile(99.9),
    max: all.maxValue,
  };
}
