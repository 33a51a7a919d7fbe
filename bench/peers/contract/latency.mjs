import { build, initWebAssembly } from 'hdr-histogram-js';

await initWebAssembly();

const LONGEST = 60e9;

/** How long something took, by the clock; nanoseconds, of which three digits are kept. */
export class Latency {
  #histogram = build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: true,
  });

  /** @param {number} milliseconds  the difference of two `performance.now()` */
  record(milliseconds) {
    this.#histogram.recordValue(Math.min(Math.round(milliseconds * 1e6), LONGEST));
  }

  /** Microseconds. */
  figures() {
    const micros = (percentile) => this.#histogram.getValueAtPercentile(percentile) / 1000;
    return { p50: micros(50), p99: micros(99), max: this.#histogram.maxValue / 1000 };
  }
}
