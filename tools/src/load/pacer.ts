/** Beyond this, Node's timers are exact enough; up to here they would be late. Milliseconds. */
const TIMER_IS_LATE = 2;
/** Messages before the connections are served again. */
const TURN = 1000;

/**
 * Says when each message of an open model is due: evenly, `rate` a second, however late the ones
 * before were. It is called late where the thread is busy, but always with the time that was meant.
 *
 * Timers of Node fire up to a millisecond late, which would be counted as latency. Where each
 * thread has a core of its own, the last two milliseconds are therefore waited for awake.
 */
export class Pacer {
  readonly #interval: number;
  readonly #precise: boolean;
  readonly #onDue: (due: number) => void;
  #start = 0;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(rate: number, precise: boolean, onDue: (due: number) => void) {
    this.#interval = 1e3 / rate;
    this.#precise = precise;
    this.#onDue = onDue;
  }

  begin(): void {
    this.#start = performance.now();
    this.#turn();
  }

  /** Of how many messages the time has come. */
  due(now = performance.now()): number {
    return Math.floor((now - this.#start) / this.#interval) + 1;
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }

  #turn(): void {
    const until = Math.min(this.due(), this.#count + TURN);
    while (this.#count < until) this.#onDue(this.#start + this.#count++ * this.#interval);
    const wait = this.#start + this.#count * this.#interval - performance.now();
    if (wait > TIMER_IS_LATE) {
      this.#timer = setTimeout(() => this.#turn(), wait - TIMER_IS_LATE);
    } else if (this.#precise || wait <= 0) {
      this.#immediate = setImmediate(() => this.#turn());
    } else {
      this.#timer = setTimeout(() => this.#turn(), wait);
    }
  }
}
