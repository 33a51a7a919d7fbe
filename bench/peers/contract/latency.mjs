import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  initWebAssembly,
} from 'hdr-histogram-js';

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

  /** All that was recorded, for another thread to add to its own. */
  encoded() {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  /** @param {string} encoded */
  add(encoded) {
    this.#histogram.add(decodeFromCompressedBase64(encoded, 64, true));
  }

  /** Microseconds. */
  figures() {
    const micros = (percentile) => this.#histogram.getValueAtPercentile(percentile) / 1000;
    return {
      p50: micros(50),
      p90: micros(90),
      p99: micros(99),
      p999: micros(99.9),
      max: this.#histogram.maxValue / 1000,
    };
  }
}
