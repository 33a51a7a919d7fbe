import { onAbort } from '../../base/abort.js';
import type { ResolvedSampleOptions } from '../../options/sample.js';
import { Stream } from '../../ring/stream.js';
import { Sample, type Sampled } from './sample.js';

/** A worker as it is sampled. */
export interface SampledWorker {
  readonly alive: boolean;
  /** Has it sample TCP_INFO; resolves when it has, or is gone. */
  sampleTcp(unread: boolean): Promise<void>;
  readonly figures: { sampled(): Sampled };
}

/** Samples until nobody wants any more. What is not taken in time is replaced by the next one. */
export class Sampler {
  readonly samples: AsyncIterableIterator<Sample, undefined>;
  readonly #stream: Stream<Sample>;
  readonly #workers: () => readonly SampledWorker[];
  readonly #options: ResolvedSampleOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #onEnd: () => void;
  #busy = false;

  constructor(
    workers: () => readonly SampledWorker[],
    options: ResolvedSampleOptions,
    onEnd: () => void,
  ) {
    this.#workers = workers;
    this.#options = options;
    this.#stream = new Stream<Sample>(
      { taken: () => undefined, stop: () => this.end() },
      (_, next) => next,
    );
    this.samples = this.#stream;
    const { signal } = options;
    const ignore = signal && onAbort(signal, () => this.end());
    this.#onEnd = () => {
      ignore?.();
      onEnd();
    };
    this.#timer = setInterval(() => void this.#sample(), options.interval);
    this.#timer.unref();
    if (signal?.aborted) this.end();
    else void this.#sample();
  }

  end(): void {
    if (this.#stream.ended) return;
    clearInterval(this.#timer);
    this.#stream.end();
    this.#onEnd();
  }

  async #sample(): Promise<void> {
    // A worker that hangs does not make samples pile up behind it.
    if (this.#busy) return;
    this.#busy = true;
    const workers = this.#workers().filter(({ alive }) => alive);
    const { fields, tcpInfo } = this.#options;
    if (tcpInfo) {
      const unread = fields.includes('unread');
      await Promise.all(workers.map((worker) => worker.sampleTcp(unread)));
    }
    this.#busy = false;
    if (this.#stream.ended) return;
    this.#stream.push(
      new Sample(
        workers.map(({ figures }) => figures.sampled()),
        fields,
      ),
    );
  }
}
