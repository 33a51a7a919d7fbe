import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds that a lease is held. */
const hold = 10;

/** Takes leases on so many connections at a time, holds each for a while, and goes on to others. */
export class Rotation {
  taken = 0;
  #connections;
  #atATime;
  #mode;
  #next = 0;
  #running = false;
  #loops = [];

  /** @param {'exclusive' | 'shared' | 'none'} mode  none: to see what measuring comes to */
  constructor(connections, atATime, mode) {
    this.#connections = connections;
    this.#atATime = atATime;
    this.#mode = mode;
  }

  /** @param {boolean} leasing  false: all the same but for the leases */
  begin(leasing) {
    this.#running = true;
    const takes = leasing && this.#mode !== 'none';
    this.#loops = Array.from({ length: this.#atATime }, () => this.#loop(takes));
  }

  async end() {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  async #loop(takes) {
    while (this.#running) {
      const connection = this.#connections[this.#next++ % this.#connections.length];
      const lease = takes ? await connection.lease(this.#mode) : undefined;
      if (takes) this.taken++;
      await pause(hold);
      lease?.release();
    }
  }
}
