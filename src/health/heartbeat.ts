import { type ReadThreadTime, readThreadTime, type ThreadTime, waitedFor } from './thread-time.js';

/** What a worker says of itself: written there, read on the main thread. */
export type Heart = Int32Array<SharedArrayBuffer>;

/** The last beat that it has answered. */
const BEAT = 0;
/** The kernel's number of its thread; 0: not known. */
const THREAD = 1;
/** How many modules it is loading. */
const LOADING = 2;
/** 1 while it tells handlers what has come. */
const TELLING = 3;
const WORDS = 4;

export function createHeart(): Heart {
  return new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT));
}

/** In the worker. */
export function answer(heart: Heart, beat: number): void {
  Atomics.store(heart, BEAT, beat);
}

/** In the worker: which thread it is. */
export function introduce(heart: Heart, thread: number): void {
  Atomics.store(heart, THREAD, thread);
}

/** In the worker: reading modules and running them for the first time is not to count. */
export async function whileLoading<Result>(
  heart: Heart,
  load: () => Promise<Result>,
): Promise<Result> {
  Atomics.add(heart, LOADING, 1);
  try {
    return await load();
  } finally {
    Atomics.sub(heart, LOADING, 1);
  }
}

/** In the worker: what handlers do is to count, also while modules are loaded. */
export function whileTelling(heart: Heart, tell: () => void): void {
  Atomics.store(heart, TELLING, 1);
  try {
    tell();
  } finally {
    Atomics.store(heart, TELLING, 0);
  }
}

/** What is known of a beat that was found late, as of the last look. */
interface Lateness {
  readonly at: number;
  /** How late it was then, as far as that counts. */
  readonly counted: number;
  readonly time: ThreadTime;
}

/**
 * Whether a worker's event loop turns. It is sent a beat, which it answers in memory: a message
 * would wait where the main thread is late itself, and the worker would seem to be.
 *
 * Time does not count while it loads modules, nor, where the kernel says so, while it has no processor
 * since others have them.
 */
export class Heartbeat {
  readonly heart = createHeart();
  readonly #read: ReadThreadTime;
  #beat = 0;
  #sent = 0;
  #told = false;
  #late: Lateness | undefined;

  constructor(read: ReadThreadTime = readThreadTime) {
    this.#read = read;
  }

  /**
   * To be called at least twice in that time. Files are read only where a beat is late.
   *
   * @param now milliseconds, of a clock that only grows
   * @param limit milliseconds
   * @returns for how long it has not turned, once, when that is more than the limit
   */
  overdue(now: number, limit: number): number | undefined {
    if (this.answered) {
      this.#told = false;
      return undefined;
    }
    if (this.#told) return undefined;
    if (this.#loads()) {
      this.#sent = now;
      this.#late = undefined;
      return undefined;
    }
    const late = this.#counted(now, limit);
    if (late < limit) return undefined;
    this.#told = true;
    return late;
  }

  /** The number of the next beat, where the last was answered. */
  next(now: number): number | undefined {
    if (!this.answered) return undefined;
    this.#beat = (this.#beat + 1) | 0;
    this.#sent = now;
    this.#late = undefined;
    return this.#beat;
  }

  /** Whether the last beat was answered. */
  get answered(): boolean {
    return Atomics.load(this.heart, BEAT) === this.#beat;
  }

  #loads(): boolean {
    return Atomics.load(this.heart, LOADING) > 0 && Atomics.load(this.heart, TELLING) === 0;
  }

  /**
   * How much of the time since the beat counts. What was before the first look cannot be known, and
   * counts for half of the limit at most: by itself it is no reason for a warning. From look to look, since
   * a thread that has slept once may wait for a processor ever since.
   */
  #counted(now: number, limit: number): number {
    const time = this.#read(Atomics.load(this.heart, THREAD));
    if (time === undefined) return now - this.#sent;
    const last = this.#late ?? { at: now, counted: Math.min(now - this.#sent, limit / 2), time };
    const stretch = now - last.at;
    const counted = last.counted + stretch - waitedFor(last.time, time, stretch);
    this.#late = { at: now, counted, time };
    return counted;
  }
}
