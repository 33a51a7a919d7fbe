import { Heartbeat } from './heartbeat.js';

/** A worker that has left a beat unanswered for so long is passed over. Milliseconds. */
export const UNANSWERED = 1_000;
/** How often one is asked that has no connections. Milliseconds. */
const IDLE = 1_000;

/**
 * Whether a worker answers. Beside the beats that warn of blocked workers, since these go as the
 * user wants it, and may be off.
 */
export class Pulse {
  /** When the beat was sent that is not answered; of `performance.now()`. */
  since = 0;
  /** For how long it was waited for, in time in which the main thread turned. Milliseconds. */
  silentFor = 0;
  readonly #beats = new Heartbeat();

  get heart() {
    return this.#beats.heart;
  }

  /** It has not answered for so long that nobody waits for it any more. */
  get lost(): boolean {
    return this.silentFor >= UNANSWERED;
  }

  get answered(): boolean {
    return this.#beats.answered;
  }

  /** Time in which the main thread has turned, and the beat was not answered. Milliseconds. */
  count(turned: number): void {
    this.silentFor = this.answered ? 0 : this.silentFor + turned;
  }

  /** The number of the next beat, where one is due. */
  next(now: number, busy: boolean): number | undefined {
    if (!busy && now - this.since < IDLE) return undefined;
    const beat = this.#beats.next(now);
    if (beat !== undefined) this.since = now;
    return beat;
  }
}
