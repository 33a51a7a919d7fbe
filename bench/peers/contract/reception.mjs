import { readUsage } from './usage.mjs';

/**
 * Counts messages of a server that floods. Those that come before all connections are open do not
 * count, the next `warmup` are not measured, the `messages` after them are.
 */
export class Reception {
  #work;
  #last;
  #hasBegun = false;
  #received = 0;
  #wrong = 0;
  #start;
  #finish;

  /**
   * @param {{ size: number, warmup: number, messages: number, serverPid?: number }} work
   */
  constructor(work) {
    this.#work = work;
    this.#last = work.warmup + work.messages;
    /** Resolves to { start, end, messages, wrong }. */
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  begin() {
    this.#hasBegun = true;
    if (this.#work.warmup === 0) this.#start = readUsage(this.#work.serverPid);
  }

  /** To be called for each message that arrives. */
  received(_connection, data) {
    if (data.byteLength !== this.#work.size) this.#wrong++;
    if (!this.#hasBegun) return;
    const received = ++this.#received;
    if (received === this.#work.warmup) this.#start = readUsage(this.#work.serverPid);
    if (received === this.#last) this.#conclude();
  }

  #conclude() {
    const { messages, serverPid } = this.#work;
    this.#finish({ start: this.#start, end: readUsage(serverPid), messages, wrong: this.#wrong });
  }
}
