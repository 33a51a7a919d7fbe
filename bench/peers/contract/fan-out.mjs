import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { makePayload } from './payload.mjs';
import { readUsage } from './usage.mjs';

/** A connection with so much unsent output is left out until some of it has gone. */
const mostUnsent = 64 * 1024;
/** Milliseconds to wait where most connections are left out: the server sets the pace. */
const respite = 1;

/**
 * Sends one message to every connection, in each turn of the loop: first `warmup` messages in all,
 * which are not measured, then `messages`. Both phases end when the kernel has taken everything.
 */
export class FanOut {
  #work;
  #unsent;
  #payload;
  #wrong = 0;
  #finish;
  #fail;

  /**
   * @param {{ size: number, warmup: number, messages: number, serverPid?: number }} work
   * @param {(connection) => number} [unsent]  bytes of a connection that the kernel has not taken
   */
  constructor(work, unsent = (connection) => connection.bufferedAmount) {
    this.#work = work;
    this.#unsent = unsent;
    this.#payload = makePayload(work.size);
    /** Resolves to { start, end, messages, wrong }. */
    this.finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
  }

  /** @param {Iterable<{ send(data: Uint8Array): unknown }>} connections */
  begin(connections) {
    this.#run([...connections]).then(this.#finish, this.#fail);
  }

  /** A sink has nothing to say. */
  received() {
    this.#wrong++;
  }

  async #run(connections) {
    const { warmup, messages, serverPid } = this.#work;
    await this.#send(connections, warmup);
    const start = readUsage(serverPid);
    await this.#send(connections, messages);
    return { start, end: readUsage(serverPid), messages, wrong: this.#wrong };
  }

  async #send(connections, count) {
    let left = count;
    while (left > 0) {
      const before = left;
      for (const connection of connections) {
        if (left === 0) break;
        if (this.#unsent(connection) >= mostUnsent) continue;
        connection.send(this.#payload);
        left--;
      }
      // Asking again at once would count the server's time as work.
      const isHeldUp = left > 0 && before - left < connections.length / 2;
      await (isHeldUp ? pause(respite) : nextTurn());
    }
    while (connections.some((connection) => this.#unsent(connection) > 0)) await pause(respite);
  }
}
