import { build, decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { LAYOUT } from './histogram-layout.js';

/** Microseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
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
