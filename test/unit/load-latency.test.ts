import { describe, expect, it } from 'vitest';
import { LatencyRecorder } from '../../tools/src/load/latency-recorder.js';
import { mergedPercentiles } from '../../tools/src/load/percentiles.js';

function recorded(milliseconds: Iterable<number>): string {
  const recorder = new LatencyRecorder();
  for (const one of milliseconds) recorder.record(one);
  return recorder.encode();
}

function* range(from: number, to: number) {
  for (let i = from; i <= to; i++) yield i;
}

describe('latencies', () => {
  it('have no percentiles where there are none', () => {
    expect(mergedPercentiles([])).toBeUndefined();
    expect(mergedPercentiles([recorded([])])).toBeUndefined();
  });

  it('are merged over workers, in microseconds', () => {
    const merged = mergedPercentiles([recorded(range(1, 600)), recorded(range(601, 1000))]);
    // Three significant digits are kept.
    expect(merged?.p50).toBeCloseTo(500_000, -3);
    expect(merged?.p90).toBeCloseTo(900_000, -3);
    expect(merged?.p99).toBeCloseTo(990_000, -3);
    expect(merged?.p999).toBeCloseTo(999_000, -3);
    expect(merged?.max).toBeCloseTo(1_000_000, -3);
  });

  it('are exact where they are short', () => {
    const merged = mergedPercentiles([recorded([0.0004, 0.012, 0.5])]);
    expect(merged).toMatchObject({ p50: 12, max: 500 });
  });

  it('count as an hour beyond one', () => {
    const merged = mergedPercentiles([recorded([10 * 60 * 60 * 1000])]);
    expect(merged?.max).toBeCloseTo(3_600_000_000, -7);
  });
});
