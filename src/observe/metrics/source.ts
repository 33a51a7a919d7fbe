import type { MainFigures } from '../stats/main-figures.js';
import { descriptorLimit } from '../stats/pool.js';
import type { WorkerReading } from '../stats/reading.js';

/** One look at a pool. Times in milliseconds. */
export interface PoolReading {
  /** Of the monotonic clock. */
  readonly at: number;
  readonly workers: readonly WorkerReading[];
  readonly main: MainFigures;
  /** Descriptors that the process may have open; undefined where it has no limit. */
  readonly descriptorLimit: number | undefined;
}

/** What metrics read of a pool, when somebody asks for them and at no other time. */
export class MetricsSource {
  readonly #look: () => Pick<PoolReading, 'at' | 'workers' | 'main'>;
  #reading: PoolReading | undefined;

  constructor(look: () => Pick<PoolReading, 'at' | 'workers' | 'main'>) {
    this.#look = look;
  }

  /** One for all metrics that are asked for in the same turn of the event loop. */
  read(): PoolReading {
    if (this.#reading === undefined) {
      this.#reading = { ...this.#look(), descriptorLimit: descriptorLimit() };
      setImmediate(() => {
        this.#reading = undefined;
      });
    }
    return this.#reading;
  }
}
