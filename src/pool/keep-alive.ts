/** The longest period a timer takes (2^31 - 1 ms, 25 days). */
const NEVER = 0x7fff_ffff;

function noop(): void {
  // The timer is there to be there.
}

/**
 * Keeps the process alive while somebody waits for something that no handle of the event loop
 * stands for: an answer of a worker, the end of a thread. Without it a program that awaits at its
 * top level would end in the middle, with status 13.
 */
export class KeepAlive {
  #holds = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Holds the process for as long as the promise is pending. */
  async during<T>(work: Promise<T>): Promise<T> {
    if (this.#holds++ === 0) this.#timer = setInterval(noop, NEVER);
    try {
      return await work;
    } finally {
      if (--this.#holds === 0) clearInterval(this.#timer);
    }
  }
}
