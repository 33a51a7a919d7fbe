import {
  build,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssembly,
} from 'hdr-histogram-js';
import { LAYOUT, LONGEST } from './histogram-layout.js';

// Its JavaScript takes four times as long for each value as its WebAssembly.
await initWebAssembly();

/** Latencies of one worker. Three significant digits are kept of each. */
export class LatencyRecorder {
  readonly #histogram: Histogram = build({ ...LAYOUT, useWebAssembly: true });

  /** @param milliseconds as the difference of two `performance.now()` */
  record(milliseconds: number): void {
    const micros = Math.round(milliseconds * 1e3);
    this.#histogram.recordValue(micros < LONGEST ? micros : LONGEST);
  }

  /** In HdrHistogram's own format, compressed; see percentiles.ts. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }
}
